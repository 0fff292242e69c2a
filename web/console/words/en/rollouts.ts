/** English words of groups and rollouts, in the room of edges. */
export const rollouts = {
  groups: {
    title: 'Groups',
    help: 'Edges of one group hold the same policy. Slow changes (a site’s rules, networks, challenge and https, the provider’s name) go to the canaries of the group first, then to the others in waves. Orders, attack mode and all else go everywhere at once.',
    columns: { group: 'Group', edges: 'Edges', plan: 'Slow changes', state: 'Rollouts', acts: 'Acts' },
    canaries: (n: number) => (n === 1 ? '1 canary' : `${n} canaries`),
    atOnce: 'To all at once: the group has no canary',
    plan: (canarySeconds: number, waves: readonly number[], waveSeconds: number) =>
      `Canaries ${canarySeconds} s, then ${waves.map((share) => `${share} %`).join(', ')}, ${waveSeconds} s each`,
    running: (n: number) => `${n} under way`,
    quiet: 'None under way',
    stopped: 'Stopped',
    stoppedBy: (by: string, reason: string) => `${by}: ${reason}`,
  },
  stop: {
    act: 'Stop',
    title: (group: string) => `Stop rollouts of ${group}`,
    help: 'No slow change of this group goes one step further, until somebody resumes. What went bad is still taken back. Orders and all that is fast go on.',
    label: 'Reason',
    hint: 'For the others, and for the audit log.',
    done: (group: string) => `Rollouts of ${group} are stopped.`,
  },
  resume: {
    act: 'Resume',
    title: (group: string) => `Resume rollouts of ${group}`,
    done: (group: string) => `Rollouts of ${group} go on.`,
  },
  plan: {
    act: 'Plan',
    heading: (group: string) => `Plan of ${group}`,
    noCanary: 'This group has no canary, so its changes go to all at once, whatever stands here.',
    title: 'Title',
    titleHint: 'What people call the group. It can be left empty.',
    canaryBake: 'Watch the canaries for',
    canaryBakeHint: 'So long after they have a change it goes no further.',
    waves: 'Waves',
    wavesHint: 'Shares of the other edges, each larger than the one before, the last one 100: such as 10, 50, 100. At most five.',
    waveBake: 'Watch each wave for',
    waveBakeHint: 'So long after a wave has it the next one waits.',
    seconds: 'seconds',
    must: {
      title: 'Must have 80 characters or fewer.',
      waves: 'Must be one to five whole numbers that rise and end with 100, such as 10, 50, 100.',
      canaryBakeSeconds: 'Must be a whole number of seconds from 0 to 86,400 (a day).',
      waveBakeSeconds: 'Must be a whole number of seconds from 0 to 86,400 (a day).',
    },
    submit: 'Save',
    done: (group: string) => `The plan of ${group} is changed. Rollouts under way go by it from now on.`,
    somebody: 'Somebody',
    changedBy: (name: string) => `${name} changed it`,
    before: '; before that:',
    plain: (plan: {
      readonly title?: string | null | undefined;
      readonly waves?: readonly number[] | undefined;
      readonly canaryBakeSeconds?: number | undefined;
      readonly waveBakeSeconds?: number | undefined;
    }) =>
      [
        plan.title === undefined ? null : plan.title === null ? 'no title' : `title “${plan.title}”`,
        plan.canaryBakeSeconds === undefined ? null : `canaries ${plan.canaryBakeSeconds} s`,
        plan.waves === undefined ? null : `waves ${plan.waves.join(', ')} %`,
        plan.waveBakeSeconds === undefined ? null : `each wave ${plan.waveBakeSeconds} s`,
      ]
        .filter((part) => part !== null)
        .join(', '),
    audit: 'All changes',
  },
  create: {
    act: 'Make a group',
    title: 'Make a group of edges',
    name: 'Name',
    nameHint: 'A short lower-case word, such as eu-west. It stays.',
    done: (group: string) => `The group ${group} is there.`,
  },
  edge: {
    act: 'Change',
    title: (name: string) => `Change ${name}`,
    name: 'Name',
    group: 'Group',
    groupHint: 'Moved to another group, it takes the whole policy of that one, and serves the sites of that one only.',
    canary: 'Canary',
    canaryHint: 'Gets slow changes of its group first.',
    submit: 'Save',
    done: (name: string) => `${name} is changed.`,
  },
  list: {
    title: 'Rollouts',
    what: 'Change',
    group: 'Group',
    state: 'State',
    steps: 'Steps',
    began: 'Began',
    acts: 'Acts',
    provider: 'Provider',
    of: (n: number, of: number) => `${n} of ${of}`,
  },
  state: { running: 'Under way', done: 'Everywhere', 'rolled-back': 'Taken back', superseded: 'Replaced by a newer one' },
  skip: { act: 'Send to all', title: (id: string) => `Send to all: ${id}`, done: 'It goes to every edge now.' },
  back: {
    act: 'Take back',
    title: (id: string) => `Take back: ${id}`,
    help: 'Wherever it went, the edges get what was in force before. The settings still say the new: change them, or it is not tried again.',
    label: 'Reason',
    hint: 'For the others, and for the audit log.',
    done: 'It is taken back.',
  },
} as const;

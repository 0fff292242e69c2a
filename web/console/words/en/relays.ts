/** English words of relays, in the room of edges. */
export const relays = {
  title: 'Relays',
  help: 'Edges behind a relay take their policy through it. It can read nothing of that and change nothing.',
  columns: { relay: 'Relay', state: 'State', edges: 'Edges', seen: 'Last seen', acts: 'Acts' },
  state: { linked: 'Linked', away: 'Away', 'never-seen': 'Never seen', revoked: 'Revoked' },
  never: '–',
  version: (version: string) => `relay ${version}`,
  through: (name: string) => `through ${name}`,
  revoke: {
    act: 'Revoke',
    title: (name: string) => `Revoke ${name}`,
    help: 'Its link is closed and its key is not accepted again. Edges behind it take another way at once, at last straight to the control plane.',
    done: (name: string) => `${name} is revoked.`,
  },
} as const;

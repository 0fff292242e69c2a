/** Whether a captcha key works, as a shape and a word. */
import type { CaptchaKey } from '../../../../contract/routes/captcha-keys.ts';
import { Badge } from '../../parts/badge.tsx';
import { captcha } from '../../words/en/captcha.ts';

const words = captcha.states;

export function KeyState({ captchaKey: { suspended, softened } }: { captchaKey: CaptchaKey }) {
  if (suspended !== null) return <Badge tone="alarm">{words.suspended}</Badge>;
  if (softened !== null) return <Badge tone="caution">{words.softened}</Badge>;
  return <Badge tone="good">{words.live}</Badge>;
}

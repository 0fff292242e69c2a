/** Lanes as numbers: what the queue is ordered by before anything is due. Nothing here knows of volume. */
import type { Lane } from '../../contract/desk/words.ts';

export const laneRank: Readonly<Record<Lane, number>> = { 'life-threat': 0, serious: 1, routine: 2 };

/** Whether a case in `one` comes before a case in `other`, whatever is due. */
export function isMoreUrgent(one: Lane, other: Lane): boolean {
  return laneRank[one] < laneRank[other];
}

/** A grade as it is typed, and as it is sent. Pure. */
import type { z } from 'zod';
import type { AxisName, Grade, Indicator } from '../../../../contract/desk/words.ts';
import { Axes } from '../../../../contract/desk/shapes.ts';
import type { AssessmentDraft } from '../../../../contract/routes/desk/assessments.ts';

export type TypedAxis = { readonly value: string; readonly reason: string; readonly evidence: readonly string[] };

export type TypedAssessment = {
  readonly axes: Readonly<Record<AxisName, TypedAxis>>;
  readonly indicators: ReadonlyMap<Indicator, readonly string[]>;
  readonly assigned: Grade | null;
  readonly differsReason: string;
};

const nothing: TypedAxis = { value: 'unknown', reason: '', evidence: [] };

/** Every axis unknown: claims nothing. */
export function unknownAxes(): Readonly<Record<AxisName, TypedAxis>> {
  return {
    target: nothing,
    intent: nothing,
    means: nothing,
    timePlace: nothing,
    preparation: nothing,
    authenticity: nothing,
    corroboration: nothing,
    nexus: nothing,
    operatorResponse: nothing,
    ongoing: nothing,
  };
}

/** What the contract wants of it. A value that is none of its axis's counts as unknown; indicators without evidence are left out. */
export function bodyOf(typed: TypedAssessment): AssessmentDraft {
  const axes: z.input<typeof Axes> = {
    target: Axes.shape.target.catch(unknown).parse(typed.axes.target),
    intent: Axes.shape.intent.catch(unknown).parse(typed.axes.intent),
    means: Axes.shape.means.catch(unknown).parse(typed.axes.means),
    timePlace: Axes.shape.timePlace.catch(unknown).parse(typed.axes.timePlace),
    preparation: Axes.shape.preparation.catch(unknown).parse(typed.axes.preparation),
    authenticity: Axes.shape.authenticity.catch(unknown).parse(typed.axes.authenticity),
    corroboration: Axes.shape.corroboration.catch(unknown).parse(typed.axes.corroboration),
    nexus: Axes.shape.nexus.catch(unknown).parse(typed.axes.nexus),
    operatorResponse: Axes.shape.operatorResponse.catch(unknown).parse(typed.axes.operatorResponse),
    ongoing: Axes.shape.ongoing.catch(unknown).parse(typed.axes.ongoing),
  };
  const indicators = [...typed.indicators]
    .filter(([, evidence]) => evidence.length > 0)
    .map(([indicator, evidence]) => ({ indicator, evidence: [...evidence] }));
  return { axes, indicators };
}

const unknown = { value: 'unknown' as const, reason: '', evidence: [] };

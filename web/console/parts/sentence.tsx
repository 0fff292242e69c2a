/** A sentence of the server that may hold instants: each is shown as people read it, with the exact one on hover and focus. */
import { Exactly } from './when.tsx';

const instant = /(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)/;

export function Sentence({ text }: { text: string }) {
  return text.split(instant).map((part, index) => (instant.test(part) ? <Exactly key={index} at={part} /> : part));
}

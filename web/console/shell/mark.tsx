/** The mark: a gate's grid, half lowered. The same drawing as web/ui/mark.svg, in the colour of the text around it. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" fill="none" stroke="currentColor" strokeLinejoin="round" aria-hidden="true">
      <path d="M4 30V15a12 12 0 0 1 24 0v15" strokeWidth="3" strokeLinecap="square" />
      <path d="M10.500 5.500V21M16 3.500V21M21.500 5.500V21M5 10.500h22M4.500 16h23" strokeWidth="2" />
      <path
        d="M10.500 24.500l-1.700-3.500h3.400zM16 24.500l-1.700-3.500h3.400zM21.500 24.500l-1.700-3.500h3.400z"
        fill="currentColor"
        stroke="none"
      />
    </svg>
  );
}

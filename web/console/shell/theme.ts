/** Light, dark, or as the system says. Kept in this browser; a browser that keeps nothing follows the system. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const kept = 'portcullis-theme';

export function keptTheme(): Theme {
  try {
    const text = localStorage.getItem(kept);
    return themes.find((theme) => theme === text) ?? 'system';
  } catch {
    return 'system';
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function keepTheme(theme: Theme): void {
  applyTheme(theme);
  try {
    localStorage.setItem(kept, theme);
  } catch {
    // Storage is refused here (private window, policy): the choice holds until the page is closed.
  }
}

// The colours of a page's style, for what is drawn on a canvas.

/**
 * A colour of the page's style, as it is in the theme of the moment.
 * @param {string} name of a custom property
 */
export function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * @param {string} name of a custom property that holds six hexadecimal digits
 * @param {number} alpha
 */
export function fadedColour(name, alpha) {
  const opaque = Math.round(alpha * 255).toString(16);
  return `${themeColour(name)}${opaque.padStart(2, "0")}`;
}

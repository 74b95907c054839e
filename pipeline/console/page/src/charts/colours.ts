/** Colours of layers, told apart by people who do not see all colours, and by lightness where there is none. */
export const COLOURS = [
  "indigo.6",
  "orange.5",
  "teal.6",
  "pink.5",
  "cyan.5",
  "yellow.6",
  "grape.6",
  "gray.5",
] as const;

export const colour = (index: number): string => COLOURS[index % COLOURS.length] ?? "gray.5";

import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  parseThemeColor,
} from "@mantine/core";

/** Shades are chosen for a contrast of at least 4.5 : 1 with what lies behind them, in light and in dark. */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: "600" },
  variantColorResolver: (input) => {
    const resolved = defaultVariantColorsResolver(input);
    const { color, isThemeColor } = parseThemeColor({ color: input.color ?? "indigo", theme: input.theme });
    if (input.variant !== "light" || !isThemeColor) return resolved;
    const dark = `color-mix(in srgb, var(--mantine-color-${color}-9) 65%, black)`;
    return { ...resolved, color: `light-dark(${dark}, var(--mantine-color-${color}-1))` };
  },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-7)",
    "--mantine-color-error": "var(--mantine-color-red-9)",
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-placeholder": "var(--mantine-color-dark-1)",
    "--mantine-color-error": "var(--mantine-color-red-4)",
  },
});

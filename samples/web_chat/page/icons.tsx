/**
 * The few pictures of the page, as SVG in the colour of the text around them. They say nothing to screen readers: the
 * control that holds one has a name.
 */
/** @jsxImportSource hono/jsx/dom */

const paths = {
  back: "M15 5l-7 7 7 7",
  send: "M4 12l16-8-6 17-3-7z",
  attach: "M8 12.5l6-6a3.2 3.2 0 0 1 4.5 4.5l-8 8a5.3 5.3 0 0 1-7.5-7.5l8-8",
  pause: "M9 6v12M15 6v12",
  resume: "M8 5l11 7-11 7z",
  cancel: "M6 6l12 12M18 6L6 18",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  leave: "M14 5H6v14h8M11 12h9M17 8l4 4-4 4",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  tick: "M5 12.5l4.5 4.5L19 7",
  ticks: "M2 12.5l4.5 4.5L15 8M10.5 16l1 1L21 7",
  failed: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 8v5M12 16v.5",
} as const;

/** Name of a picture. */
export type IconName = keyof typeof paths;

/** A picture. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

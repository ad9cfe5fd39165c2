import { Html } from "./html.js";

/** The style sheet of report.html: system fonts, two palettes, print. */
export const reportStyle = new Html(`
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1a1f26; --muted: #5a6572; --line: #dde1e6; --grid: #e9ecf0;
  --real: #1c6fb5; --fake: #c44a18; --mark: #1a1f26; --warn: #8a5200; --warn-panel: #fff5e0; --warn-line: #ecc983;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161b; --panel: #1a2027; --ink: #e6eaef; --muted: #9aa6b2; --line: #2d353f; --grid: #242b34;
    --real: #5aa9e6; --fake: #f0814d; --mark: #e6eaef; --warn: #f2c674; --warn-panel: #2b2415; --warn-line: #5d4a1e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink); font-size: 15px; line-height: 1.55;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1000px; margin: 0 auto; padding: 44px 24px 72px; }
h1 { font-size: 27px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 17px; font-weight: 650; margin: 46px 0 12px; }
h3 { font-size: 13px; font-weight: 600; color: var(--muted); margin: 0 0 8px; }
p { margin: 0 0 10px; max-width: 74ch; overflow-wrap: anywhere; }
.lead, .fine { color: var(--muted); }
.fine { font-size: 13px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 28px 0 0; }
.tile { background: var(--panel); border-radius: 8px; padding: 14px 16px 12px; }
.tile b { display: block; font-size: 29px; line-height: 1.2; font-weight: 600; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.tile span { display: block; color: var(--muted); font-size: 13px; }
.box { border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px 8px; margin: 20px 0 0; }
.box h2 { margin: 0 0 8px; font-size: 15px; }
.box ul { margin: 0 0 8px; padding-left: 20px; }
.box li { margin: 0 0 4px; max-width: 78ch; overflow-wrap: anywhere; }
.synthetic { background: var(--warn-panel); border-color: var(--warn-line); color: var(--warn); padding: 12px 18px; }
.synthetic p { margin: 0; max-width: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { text-align: left; vertical-align: baseline; padding: 7px 18px 7px 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: 12.5px; font-weight: 600; color: var(--muted); white-space: nowrap; }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.name { overflow-wrap: anywhere; min-width: 180px; }
td small, th small { color: var(--muted); font-size: 12.5px; font-weight: 400; }
td small.beside { margin-left: 8px; }
tr.part th { padding-top: 20px; font-size: 12.5px; font-weight: 600; color: var(--muted); }
.fake-text { color: var(--fake); } .real-text { color: var(--real); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 28px; align-items: start; }
figure { margin: 0 0 20px; }
svg { display: block; width: 100%; height: auto; overflow: visible; font-family: inherit; }
svg text { fill: var(--ink); font-size: 12.5px; }
svg .tick { fill: var(--muted); font-size: 11.5px; } svg .axis { fill: var(--muted); font-size: 12px; }
svg .middle { text-anchor: middle; } svg .end { text-anchor: end; }
svg .label { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
svg .grid { stroke: var(--grid); } svg .base { stroke: var(--muted); }
svg .chance { stroke: var(--muted); stroke-dasharray: 4 4; } svg .equal { stroke: var(--muted); stroke-dasharray: 1 4; }
svg .roc { fill: none; stroke: var(--mark); stroke-linejoin: round; }
svg .roc.video { stroke-width: 2.4; } svg .roc.frame { stroke-width: 1.3; stroke: var(--muted); }
svg .eer { fill: var(--paper); stroke: var(--mark); stroke-width: 2; } svg .operating { fill: var(--fake); }
svg .bar.fake { fill: var(--fake); } svg .bar.real { fill: var(--real); }
svg .side { font-weight: 600; } svg .side.fake { fill: var(--fake); } svg .side.real { fill: var(--real); }
svg .threshold { stroke: var(--mark); stroke-width: 1.5; stroke-dasharray: 5 3; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.9em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: minmax(130px, max-content) 1fr; gap: 6px 22px; margin: 0; font-size: 14px; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 52px; padding-top: 16px; border-top: 1px solid var(--line); }
@media (max-width: 560px) { main { padding: 28px 16px 48px; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print { main { padding: 0; max-width: none; } .tile, .box, figure, tr { break-inside: avoid; } }
`);

// The style sheet of report.html. Colours: text #1a1d21 and #4a5058 on white are 16.9 : 1 and 8.1 : 1, the flag colours above 6 : 1
// (WCAG 2.1 asks for 4.5 : 1).
#pragma once

namespace isocenter::reports {

inline constexpr const char* style_sheet = R"css(
:root { --ink: #1a1d21; --soft: #4a5058; --rule: #d3d7dc; --pale: #f4f5f7; --accent: #1f4e79; --warning: #8a4600; --serious: #a01318; }
* { box-sizing: border-box; }
html { background: #fff; color: var(--ink); font: 14px/1.45 "Liberation Sans", Arial, Helvetica, "DejaVu Sans", sans-serif; }
body { max-width: 900px; margin: 0 auto; padding: 20px 28px 40px; }
.notice { margin: 0 0 18px; padding: 7px 12px; border: 1px solid var(--serious); color: var(--serious); font-size: 13px; font-weight: bold; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 24px; border-bottom: 2px solid var(--ink); padding-bottom: 6px; }
h1 { font-size: 25px; line-height: 1.2; margin: 0; }
header p { margin: 0; text-align: right; color: var(--soft); overflow-wrap: anywhere; }
h2 { font-size: 16px; line-height: 1.3; margin: 26px 0 8px; break-after: avoid; }
h3 { font-size: 14px; margin: 16px 0 4px; break-after: avoid; }
p { margin: 0 0 8px; }
.facts { display: grid; grid-template-columns: 1fr 1fr; gap: 0 32px; margin-top: 12px; }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: 1px 14px; align-content: start; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.figures-of-merit { display: grid; grid-template-columns: repeat(3, 1fr); margin: 0; padding: 0; list-style: none; border-bottom: 1px solid var(--rule); }
.figures-of-merit li { border-top: 1px solid var(--rule); padding: 8px 12px 9px 0; }
.figures-of-merit .name { display: block; color: var(--soft); }
.figures-of-merit .value { font-size: 25px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.figures-of-merit .unit { font-size: 15px; color: var(--soft); }
.figures-of-merit .detail { display: block; font-size: 13px; color: var(--soft); }
.pictures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px; align-items: start; }
figure { margin: 0; break-inside: avoid; }
figure img { display: block; width: 100%; height: auto; background: #000; }
figcaption { margin-top: 4px; font-size: 13px; }
.legend { margin: 2px 0 0; padding: 0; list-style: none; font-size: 12px; line-height: 1.5; color: var(--soft); }
.legend li { display: inline-block; margin-right: 10px; }
.swatch { display: inline-block; width: 9px; height: 9px; margin-right: 5px; border: 1px solid #8b9098; }
.legend .swatch { margin-right: 3px; }
.flags { margin: 0; padding: 0; list-style: none; }
.flags li { padding: 4px 0 4px 84px; text-indent: -84px; border-top: 1px solid var(--rule); }
.flags li:last-child { border-bottom: 1px solid var(--rule); }
.flags .word { display: inline-block; width: 84px; text-indent: 0; font-weight: bold; color: var(--soft); }
.warning .word { color: var(--warning); }
.serious .word { color: var(--serious); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding-bottom: 8px; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-weight: normal; color: var(--soft); padding: 3px 8px 3px 0; vertical-align: bottom; }
thead tr:last-child th, thead th[rowspan] { border-bottom: 1px solid var(--ink); }
th.group { text-align: center; border-bottom: 1px solid var(--rule); padding-right: 0; }
td, tbody th { border-bottom: 1px solid var(--rule); padding: 4px 8px 4px 0; vertical-align: top; }
tbody th { color: var(--ink); }
.number { text-align: right; white-space: nowrap; }
.middle { text-align: center; }
.mark { display: block; font-size: 12px; color: var(--warning); }
.bar { display: inline-block; width: 56px; height: 8px; margin-right: 7px; background: #e3e6ea; }
.bar span { display: block; height: 100%; background: var(--accent); }
.plain th { width: 34%; }
footer { margin-top: 28px; border-top: 1px solid var(--rule); padding-top: 8px; color: var(--soft); font-size: 13px; }
@media (max-width: 640px) {
  .facts, .figures-of-merit, .pictures { grid-template-columns: 1fr; }
  .wide { overflow-x: auto; }
}
@media print {
  @page { size: A4; margin: 14mm 14mm 15mm; }
  html { font-size: 9.4pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  body { max-width: none; padding: 0; }
  .new-page { break-before: page; margin-top: 0; }
  h1 { font-size: 17pt; }
  h2 { font-size: 11.5pt; margin-top: 14pt; }
  .figures-of-merit .value { font-size: 15pt; }
  .figures-of-merit .unit { font-size: 10pt; }
  .notice, caption, figcaption, footer, .figures-of-merit .detail { font-size: 8.6pt; }
  .legend, .mark { font-size: 8pt; }
  section, .facts { break-inside: auto; }
}
)css";

}  // namespace isocenter::reports

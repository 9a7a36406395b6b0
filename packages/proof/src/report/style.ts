// The look of the report: light and dark, 390 px to print, no fonts from anywhere.

export const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--paper:#fff;--card:#f6f7f9;--line:#dfe3e8;--proven:#0a7a4b;--violated:#b3261e;--unproven:#8a5a00;--holding:#2457a6}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3acb8;--paper:#121417;--card:#1b1f24;--line:#303640;--proven:#5ad19b;--violated:#ff8a80;--unproven:#f0bd5a;--holding:#8db8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:54rem;margin:0 auto;padding:1.5rem 1.25rem}
header{border-bottom:1px solid var(--line)}
.eyebrow{margin:0;color:var(--soft);font-size:.9rem}
h1{font-size:1.6rem;line-height:1.25;margin:.25rem 0 1rem}
h2{font-size:1.15rem;margin:2rem 0 .75rem}
h3{font-size:1rem;margin:0}
.verdict{font-size:1.25rem;font-weight:650;margin:0 0 1rem}
article.proven .mark,header.proven .verdict{color:var(--proven)}
article.violated .mark,header.violated .verdict{color:var(--violated)}
article.unproven .mark,header.unproven .verdict{color:var(--unproven)}
article.holding .mark,header.holding .verdict{color:var(--holding)}
.mark{display:inline-block;width:1.2em;font-weight:700}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.75rem 1.5rem;margin:0}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0;overflow-wrap:anywhere}
article{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem;margin:.6rem 0}
.answer{margin:.35rem 0 0 1.5rem}
article ul{margin:.6rem 0 0;padding-left:2.7rem}
li{margin:.4rem 0;overflow-wrap:anywhere}
li p{margin:0}
li::first-letter,li p:first-child::first-letter{text-transform:uppercase}
time{white-space:nowrap}
.remedy,small{color:var(--soft);font-size:.875rem}
code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}
.colophon{margin-top:2.5rem;border-top:1px solid var(--line)}
@media print{body{font-size:11pt}article{break-inside:avoid}}
`;

// The look of the report: light and dark, 390 px to paper, no fonts from anywhere.

export const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#545e69;--paper:#fff;--card:#f6f7f9;--line:#dfe3e8;--proven:#0a7a4b;--violated:#b3261e;--unproven:#8a5a00;--holding:#2457a6;--tone:var(--soft)}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a9b2bd;--paper:#121417;--card:#1b1f24;--line:#303640;--proven:#5ad19b;--violated:#ff8a80;--unproven:#f0bd5a;--holding:#8db8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:54rem;margin:0 auto;padding:1.5rem 1.25rem}
header{padding-bottom:0}
main{padding-top:0}
.proven{--tone:var(--proven)}
.violated{--tone:var(--violated)}
.unproven{--tone:var(--unproven)}
.holding{--tone:var(--holding)}
.eyebrow,.label,.by{margin:0;color:var(--soft);font-size:.9rem}
.label{margin-top:1.25rem}
h1{font-size:1.6rem;line-height:1.25;margin:.15rem 0 1.25rem;overflow-wrap:anywhere;text-wrap:balance}
h2{font-size:1.2rem;margin:2.25rem 0 .6rem}
h3{font-size:1rem;margin:1rem 0 .25rem;overflow-wrap:anywhere}
article h3{margin:0 0 .35rem}
.band{background:var(--card);border:1px solid var(--line);border-left:.4rem solid var(--tone);border-radius:.4rem;padding:1rem 1.1rem;margin:0 0 .9rem}
.verdict{font-size:1.25rem;line-height:1.35;font-weight:650;margin:0;color:var(--tone)}
.band ul{margin:.6rem 0 0;padding-left:1.2rem}
.mark{display:inline-block;width:1.2em;font-weight:700;color:var(--tone)}
section>p{margin:.25rem 0 .75rem;max-width:44rem}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:.75rem 1.5rem;margin:0}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0;overflow-wrap:anywhere}
article{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.8rem 1rem;margin:.6rem 0}
article.violated{border-left:.4rem solid var(--tone)}
dl.row{grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.4rem 1.25rem;margin:.5rem 0;font-size:.9rem}
article p{margin:.15rem 0}
.answer{margin:.35rem 0 0 1.5rem}
article ul{margin:.6rem 0 0;padding-left:2.7rem}
article ul.open{padding-left:1.2rem;margin-top:.25rem}
ul.open li{margin:.75rem 0}
li{margin:.4rem 0;overflow-wrap:anywhere}
li p{margin:0}
time{white-space:nowrap}
p{overflow-wrap:anywhere}
.remedy,small{color:var(--soft);font-size:.875rem}
.remedy strong{color:var(--ink)}
code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}
code.exact{display:block;color:var(--soft);margin:.2rem 0 0}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;font-weight:400;vertical-align:top;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
thead th{color:var(--soft);font-size:.85rem;white-space:nowrap}
tfoot th,tfoot td{font-weight:650;border-bottom:0}
.money td{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.money thead th:not(:first-child){text-align:right}
.money .odd th,.money .odd td{color:var(--violated);font-weight:650}
.questions .group th{font-weight:650;padding-top:1rem}
.questions td:nth-child(2){white-space:nowrap}
.questions td small{display:block;white-space:normal}
.colophon{margin-top:2.5rem;border-top:1px solid var(--line)}
@media(max-width:40rem){
h1{font-size:1.35rem}
.questions thead{display:none}
.questions tr,.questions th,.questions td{display:block;border:0;padding:0}
.questions tr{border-bottom:1px solid var(--line);padding:.5rem 0}
.questions .group{border-bottom:0;padding:.75rem 0 0}
.questions td:nth-child(2){margin:.15rem 0}
.questions td:nth-child(3){color:var(--soft);font-size:.875rem}
.money thead{display:none}
.money tr{display:grid;grid-template-columns:1fr auto;border-bottom:1px solid var(--line);padding:.5rem 0}
.money th,.money td{border:0;padding:0}
.money th{grid-column:1/-1}
.money td{text-align:left}
.money td:nth-child(2)::before{content:"Rows: "}
dl.row{grid-template-columns:repeat(auto-fill,minmax(8rem,1fr))}
}
@page{margin:18mm 16mm;@bottom-right{content:counter(page) " / " counter(pages);font:9pt system-ui,sans-serif}}
@media print{
body{font-size:10.5pt}
header,main{max-width:none;padding:0}
article,tr,li,.band{break-inside:avoid}
h2,h3,thead{break-after:avoid}
.band,article{print-color-adjust:exact}
a{color:inherit}
}
`;

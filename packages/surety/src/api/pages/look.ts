// The look of the pages: the colours and the type of the report, one column from 390 px on, light and dark.

import { style } from '@surety/proof/report';

export const look = `${style}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;align-items:center}
header,main{max-width:44rem}
header .eyebrow a{color:inherit;text-decoration:none;font-weight:650}
main{padding-bottom:4rem}
a{color:var(--holding);text-underline-offset:.15em}
.skip{position:absolute;left:-100rem}
.skip:focus{position:static;display:inline-block;margin:.5rem 1.25rem}
:focus-visible{outline:3px solid var(--holding);outline-offset:2px;border-radius:.3rem}
.who{display:flex;gap:.75rem;align-items:center;color:var(--soft);font-size:.9rem;min-width:0;overflow-wrap:anywhere}
h1{font-size:1.45rem;font-weight:600;margin:1.5rem 0 1rem}
h1 b{font-weight:700}
.lead{font-size:1.05rem;max-width:40rem}
.sum{margin:0 0 1.5rem;padding:0}
.sum .amount{display:block;font-size:clamp(2.1rem,9vw,3.4rem);line-height:1.1;font-weight:680;letter-spacing:-.015em;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.sum .amount small{font-size:.5em;font-weight:600;letter-spacing:0;color:var(--soft)}
.sum .party{display:block;font-size:clamp(1.25rem,5vw,1.75rem);line-height:1.3;font-weight:600;margin-top:.4rem;overflow-wrap:anywhere}
.sum .party code{font-size:1em}
.sum .party small{font-size:.6em;font-weight:400;color:var(--soft)}
.plain{grid-template-columns:repeat(auto-fill,minmax(12rem,1fr))}
blockquote{margin:0 0 .6rem;padding:.1rem 0 .1rem 1rem;border-left:.25rem solid var(--line);overflow-wrap:anywhere}
.odd{list-style:none;margin:0;padding:0}
.odd li{border-left:.25rem solid var(--unproven);padding:.15rem 0 .15rem .9rem;margin:.6rem 0}
dl.args{display:block;border-top:1px solid var(--line)}
dl.args>div{border-bottom:1px solid var(--line);padding:.55rem 0}
dl.args dt{font-size:.85rem}
dl.args dd{font-size:1.05rem;overflow-wrap:anywhere}
dl.args dl.args,dl.args ol.args{border-top:0;margin:.25rem 0 0;padding-left:1rem;border-left:1px solid var(--line)}
dl.args dl.args>div:last-child{border-bottom:0}
ol.args{list-style-position:inside}
.value{white-space:pre-wrap}
dl.args code{font-size:1em}
.mixed{text-decoration:underline wavy var(--violated);text-underline-offset:.2em}
.kind{margin-right:.35rem}
.unseen{font:.75em ui-monospace,monospace;color:var(--violated);border:1px solid currentColor;border-radius:.25rem;padding:0 .2em;margin:0 .1em;white-space:nowrap}
.answers{display:grid;gap:1.25rem;margin-top:.75rem}
.answers form{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;display:grid;gap:.6rem;justify-items:start}
.answers form.bare{background:none;border:0;padding:0}
label{font-weight:600}
textarea,input[type=text],input[type=email]{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:.4rem;padding:.6rem .7rem;width:100%;min-height:2.75rem}
textarea{min-height:5rem;resize:vertical}
button,.button{font:inherit;font-weight:600;min-height:2.75rem;padding:.55rem 1.2rem;border-radius:.45rem;border:1px solid var(--ink);background:var(--ink);color:var(--paper);cursor:pointer;text-decoration:none;display:inline-block}
button.refuse{background:transparent;color:var(--violated);border-color:var(--violated)}
button.quiet{background:transparent;color:inherit;border-color:var(--line);font-weight:400;font-size:.9rem;min-height:2.25rem;padding:.3rem .8rem}
button[hidden]{display:none}
button:disabled{opacity:.6;cursor:wait}
.alert{color:var(--violated);font-weight:600;margin:0}
.alert:empty{display:none}
.asks{list-style:none;margin:0;padding:0}
.asks li{border-top:1px solid var(--line);margin:0}
.asks li:last-child{border-bottom:1px solid var(--line)}
.asks a{display:block;padding:.9rem 0;color:inherit;text-decoration:none}
.asks a:hover strong{text-decoration:underline}
.asks strong{font-size:1.15rem;font-weight:650;font-variant-numeric:tabular-nums}
.asks small{display:block}
.asks small+small{margin-top:.15rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.8rem/1.5 ui-monospace,monospace;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.75rem}
summary{cursor:pointer;min-height:2.25rem;padding:.35rem 0}
.band{margin-top:1rem}
@media(max-width:40rem){dl.plain{grid-template-columns:1fr;gap:.4rem}dl.plain>div{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:.75rem;align-items:baseline}}
`;

/** A square with a tick: no letters, no colours of anybody's. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2457a6"/><path d="M4 8.5l2.6 2.6L12 5.5" fill="none" stroke="#fff" stroke-width="2"/></svg>
`;

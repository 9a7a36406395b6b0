// The look of the verifier's page, on top of the report's.

export const look = `
body.dragging{outline:3px dashed var(--holding);outline-offset:-8px}
main{padding-bottom:4rem}
.lead{margin:0;max-width:42rem}
form{display:grid;gap:.75rem;margin:1.5rem 0 0}
.pick{display:grid;grid-template-columns:minmax(0,1fr);gap:.35rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}
.pick label{font-weight:600}
.pick small{display:block;font-weight:400}
input[type=file]{font:inherit;max-width:100%;min-height:2.5rem;color:var(--soft)}
input[type=file]::file-selector-button{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:.4rem;padding:.45rem .9rem;margin-right:.75rem;cursor:pointer}
:focus-visible{outline:3px solid var(--holding);outline-offset:2px;border-radius:.3rem}
h2.verdict:focus{outline:none}
h2.verdict{font-size:1.45rem;line-height:1.3;margin:0 0 .75rem}
#result{margin-top:2rem;border-top:1px solid var(--line);padding-top:1.5rem}
#result:empty{display:none}
#result.proven .verdict{color:var(--proven)}
#result.violated .verdict,#result.unsound .verdict,.problem{color:var(--violated)}
#result.unproven .verdict{color:var(--unproven)}
#result.holding .verdict{color:var(--holding)}
.statement{font-size:1.1rem;margin:0 0 1.25rem}
.checks{list-style:none;padding:0}
.checks li{position:relative;padding-left:1.9em}
.checks .mark{position:absolute;left:0}
.checks .proven .mark{color:var(--proven)}
.checks .violated .mark{color:var(--violated)}
.checks .violated{font-weight:600}
.checks .remedy{font-weight:400}
.checks code{color:var(--soft)}
@media(min-width:46rem){form{grid-template-columns:1fr 1fr}.pick:first-child{grid-column:1/-1}}
`;

// The markup of the verifier's page. Its policy allows exactly the script and the style that stand in it.

export interface Parts {
  readonly script: string;
  readonly scriptHash: string;
  readonly style: string;
  readonly styleHash: string;
}

export const frame = (parts: Parts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '${parts.scriptHash}'; style-src '${parts.styleHash}'; base-uri 'none'; form-action 'none'">
<title>Verify a Surety proof</title>
<style>${parts.style}</style>
</head>
<body>
<header>
<p class="eyebrow">Surety</p>
<h1>Verify a proof</h1>
<p class="lead">Everything is computed again on this page, from the facts in the proof. Nothing you choose leaves this machine, and the
page asks the network for nothing.</p>
</header>
<main>
<form aria-label="Files">
<div class="pick"><label for="proof">The proof <small>a <code>.proof.zip</code>; choose it here or drop it anywhere</small></label><input type="file" id="proof" accept=".zip"></div>
<div class="pick"><label for="trust">Your trust file <small>optional: the keys that you know. Without it nobody says whose proof it is.</small></label><input type="file" id="trust"></div>
<div class="pick"><label for="head">A head that you kept <small>optional: shows that nothing signed before was cut off or rewritten.</small></label><input type="file" id="head"></div>
</form>
<noscript><p>The checks run as a script in this page; it needs scripts to be allowed.</p></noscript>
<div id="result" aria-live="polite"></div>
</main>
<script>${parts.script}</script>
</body>
</html>
`;

/** The one stylesheet of our pages: no build step, nothing from elsewhere, readable on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --page: #ffffff; --field: #ffffff; --ink: #1d1d1f; --quiet: #616161;
  --link: #0b57d0; --seen: #6a1b9a; --bad: #c62828; --warn: #8f5300; --good: #2e7d32; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181c; --field: #24272d; --ink: #e6e6e6; --quiet: #a8adb5;
    --link: #8ab4f8; --seen: #c58af9; --bad: #ff8a80; --warn: #ffb74d; --good: #81c784; } }
* { box-sizing: border-box; }
nav a.search { border: 1px solid var(--quiet); border-radius: 4px; padding: .25rem .5rem; color: var(--quiet); text-decoration: none; }
.quiet { color: var(--quiet); }
html { background: var(--page); color: var(--ink); }
a { color: var(--link); } a:visited { color: var(--seen); }
body { margin: 0 auto; max-width: 90rem; padding: 0 1rem 3rem; font: 15px/1.5 system-ui, sans-serif; }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .75rem 0; border-bottom: 1px solid var(--line); }
nav form { display: flex; gap: .25rem; max-width: 100%; } nav input { min-width: 0; }
nav .last { margin-left: auto; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .87em; }
th, td { text-align: left; padding: .3rem .45rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { vertical-align: bottom; word-break: keep-all; }
.number { text-align: right; font-variant-numeric: tabular-nums; } td.number { white-space: nowrap; }
.line { display: block; white-space: nowrap; } .actions { white-space: nowrap; }
.bad, a.bad { color: var(--bad); } .warn { color: var(--warn); } .good { color: var(--good); }
input, select, button { background: var(--field); color: var(--ink); border: 1px solid var(--quiet); border-radius: 4px; }
input::placeholder { color: var(--quiet); opacity: 1; }
h1, dd, code { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dd { margin: 0; }
input, select, button { font: inherit; padding: .25rem .5rem; } form.filter input, form.filter select, form.filter button { height: 2.1rem; }
form.inline { display: inline; } form.filter { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
label { display: grid; font-size: .85rem; }
.notice { padding: .5rem .75rem; border: 1px solid var(--line); border-left: 4px solid var(--good); } .doubt { border-left-color: var(--warn); }
.login { max-width: 20rem; margin: 4rem auto; display: grid; gap: 1rem; }
button { white-space: nowrap; }
@media (max-width: 40rem) {
  nav { gap: .5rem .6rem; font-size: .9rem; }
  .cards, .cards tbody, .cards tr { display: block; } .cards thead, .cards td:empty { display: none; }
  .cards tr { padding: .5rem 0; border-bottom: 2px solid var(--line); }
  .cards td { display: grid; grid-template-columns: 6rem minmax(0, 1fr); border: 0; overflow-wrap: anywhere; }
  .cards td::before { content: attr(data-label); } .cards td.actions { display: block; }
  th, td { padding: .25rem .35rem; } dl { grid-template-columns: 1fr; } dt { font-weight: 600; } }
`;

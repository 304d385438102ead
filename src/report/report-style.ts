// The style sheet of the report, light and dark, for screens of any width and for paper.
import { darkFigureStyles } from './drawing/palette.ts'

/** The style sheet as text. */
export function reportStyle(): string {
  const dark = darkColors.map(([name, value]) => `--${name}:${value}`).join(';')
  const light = lightColors.map(([name, value]) => `--${name}:${value}`).join(';')
  return `:root{color-scheme:light dark;${light}}
${base}
@media screen and (prefers-color-scheme:dark){:root{${dark}}
${darkFigureStyles('figure svg')}
}
@media print{main{max-width:none;padding:0}section{break-inside:avoid}}`
}

const lightColors = [
  ['page', '#f6f7f9'], ['card', '#ffffff'], ['ink', '#1f2328'], ['quiet', '#59636e'], ['line', '#dfe3e8'],
  ['accent', '#1f6fd0'], ['warning', '#9a4b00'], ['warning-card', '#fff6e6'], ['good', '#1a7f4b'],
] as const

const darkColors = [
  ['page', '#0e1013'], ['card', '#15181d'], ['ink', '#e6e8eb'], ['quiet', '#9aa4af'], ['line', '#2c323a'],
  ['accent', '#5aa7ff'], ['warning', '#ffb454'], ['warning-card', '#2a2012'], ['good', '#4cc38a'],
] as const

const base = `*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1140px;margin:0 auto;padding:40px 20px 64px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:0 0 10px}
p{margin:0 0 10px;max-width:96ch;overflow-wrap:anywhere}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 24px;margin-top:18px}
section>:last-child{margin-bottom:0}
.lead{color:var(--quiet);font-size:1.05rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:12px;overflow:hidden;margin-top:22px}
.facts div{background:var(--card);padding:14px 18px}
.facts dl,.facts dt,.facts dd{margin:0}
.facts dt{color:var(--quiet);font-size:.82rem}
.facts dd{font-size:1.22rem;font-weight:600;font-variant-numeric:tabular-nums;margin:2px 0 0;line-height:1.3}
.facts small{display:block;font-size:.8rem;font-weight:400;color:var(--quiet)}
.warning{background:var(--warning-card);border:1px solid var(--warning);border-left-width:4px;border-radius:8px;padding:10px 14px;margin:0 0 12px;max-width:none}
.warning b{color:var(--warning)}
.verdict{font-weight:600}
.quiet{color:var(--quiet);font-size:.9rem}
figure{margin:0 -14px;display:flex;flex-wrap:wrap;gap:8px 20px;align-items:flex-start}
figure svg{max-width:100%;height:auto;flex:0 1 auto}
figure.wide{overflow-x:auto;flex-direction:column;flex-wrap:nowrap}
figure.wide svg{flex:none;min-width:620px}
@media (min-width:900px){figure{flex-wrap:nowrap}figure svg{min-width:0}}
.formula{overflow-x:auto;overflow-y:hidden;padding:6px 0 10px;font-size:1.15rem}
.formula math{margin-left:0;text-align:left}
.katex-display{margin:0}
.scroll{overflow-x:auto;margin-bottom:10px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.93rem}
th,td{padding:5px 18px 5px 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child{text-align:left}
thead th{color:var(--quiet);font-weight:500;font-size:.85rem}
tbody th{font-weight:500}
tr:last-child>*{border-bottom:0}
tr.group th{color:var(--quiet);font-weight:600;font-size:.85rem;padding-top:12px}
td.beyond{color:var(--warning);font-weight:700}
td.none{color:var(--quiet)}
ul{margin:0 0 12px;padding-left:22px}
.win td,.win th{font-weight:700;color:var(--good)}
details>summary{cursor:pointer;color:var(--accent);margin-bottom:8px}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
code{overflow-wrap:anywhere}
pre{background:var(--page);border:1px solid var(--line);border-radius:8px;padding:12px 14px;margin:0 0 10px;white-space:pre-wrap;overflow-wrap:anywhere}
footer{color:var(--quiet);font-size:.85rem;margin-top:22px}
@media (max-width:560px){main{padding:22px 10px 40px}section{padding:16px 14px;border-radius:10px}h1{font-size:1.5rem}.facts{grid-template-columns:1fr 1fr}th,td{padding-right:10px}table{font-size:.86rem}th{white-space:normal}}`

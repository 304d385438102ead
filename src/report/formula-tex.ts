// The formula of a model as a person writes it in plain text (−½ xᵀ K x + ηᵀ x), as TeX.

const superscripts: Readonly<Record<string, string>> = { ...digits('⁰¹²³⁴⁵⁶⁷⁸⁹'), ᵀ: '\\top ', '⁻': '-', '⁺': '+', ᵃ: 'a', ᵇ: 'b', ⁿ: 'n', ᵖ: 'p', ˣ: 'x', ᵏ: 'k', ᵐ: 'm', ᵈ: 'd' }
const subscripts: Readonly<Record<string, string>> = { ...digits('₀₁₂₃₄₅₆₇₈₉'), ᵢ: 'i', ⱼ: 'j', ₖ: 'k', ₘ: 'm', ₙ: 'n', ₐ: 'a', ₓ: 'x', ₚ: 'p', '₋': '-', '₊': '+' }
const symbols: Readonly<Record<string, string>> = {
  '½': '\\tfrac12 ', '¼': '\\tfrac14 ', '−': '-', '–': '-', '·': '\\cdot ', '×': '\\times ', Σ: '\\sum ', Π: '\\prod ', '∑': '\\sum ', '∏': '\\prod ',
  '‖': '\\Vert ', '√': '\\surd ', '∞': '\\infty ', '≤': '\\le ', '≥': '\\ge ', '∈': '\\in ', '∂': '\\partial ', '∇': '\\nabla ', '…': '\\dots ', '*': '\\cdot ',
}
const upright = /^(?:log|exp|sin|cos|tan|sinh|cosh|tanh|min|max|det)$/

function digits(characters: string): Record<string, string> {
  return Object.fromEntries([...characters].map((character, digit) => [character, String(digit)]))
}

/** TeX of a formula; null for what is no formula, as the text of a function. */
export function formulaTex(text: string): string | null {
  const tokens = text.match(/(?:(?![ᵀᵃᵇⁿᵖˣᵏᵐᵈᵢⱼₖₘₙₐₓₚ])\p{L})+|[\s\S]/gu) ?? []
  let tex = ''
  for (let k = 0; k < tokens.length;) {
    const raised = run(tokens, k, superscripts)
    const lowered = run(tokens, k, subscripts)
    if (raised.length > 0) tex += `^{${raised.join('')}}`
    else if (lowered.length > 0) tex += `_{${lowered.join('')}}`
    else {
      const written = tokenTex(tokens[k])
      if (written === null) return null
      tex += written
    }
    k += Math.max(raised.length, lowered.length, 1)
  }
  return tex
}

function run(tokens: readonly string[], from: number, meanings: Readonly<Record<string, string>>): string[] {
  const found: string[] = []
  for (let k = from; k < tokens.length; k++) {
    // The comparison in Σᵢ<ⱼ stands between scripts.
    const isBetween = found.length > 0 && '<='.includes(tokens[k]) && (tokens[k + 1] ?? '') in meanings
    if (!(tokens[k] in meanings) && !isBetween) break
    found.push(meanings[tokens[k]] ?? tokens[k])
  }
  return found
}

function tokenTex(token: string): string | null {
  if (token in symbols) return symbols[token]
  if (upright.test(token)) return `\\${token} `
  if (/^\p{L}$/u.test(token)) return token
  if (/^\p{L}+$/u.test(token)) return `\\mathrm{${token}}`
  return /^[\d\s+\-/()[\],.<>|=:]$/.test(token) ? token : null
}

const number = String.raw`\d+(?:,\d{3})*(?:\.\d+)?`
const percentOf = new RegExp(String.raw`(${number})\s*(?:%|percent)\s+of\s+(${number})`, 'gi')
const functions = 'sqrt|cbrt|abs|round|floor|ceil|exp|log10|log2|log|sin|cos|tan'
const run = new RegExp(
  String.raw`(?:(?:${functions})\s*\(|[\d(.-])[\d\s+\-*/^().,%]*(?:(?:${functions})\([\d\s+\-*/^().,%]*)*`,
  'gi',
)

/** Spelled-out operators become signs. */
const spelled: readonly (readonly [RegExp, string])[] = [
  [/\s+multiplied\s+by\s+|\s+times\s+|(?<=[\d)])\s*[×·]\s*|(?<=\d)\s+x\s+(?=\d)/gi, ' * '],
  [/\s+divided\s+by\s+|(?<=[\d)])\s*÷\s*/gi, ' / '],
  [/\s+plus\s+(?=[\d(])/gi, ' + '],
  [/\s+minus\s+(?=[\d(])/gi, ' - '],
  [/\s+(?:to\s+the\s+power\s+of|raised\s+to)\s+/gi, ' ^ '],
  [/(?:the\s+)?square\s+root\s+of\s+(\d+(?:\.\d+)?)/gi, 'sqrt($1)'],
  [/(?<=\d)\s+squared\b/gi, '^2'],
  [/−/g, '-'],
]

const notArithmetic =
  /https?:\/\/\S+|\S+@\S+|\b\d{4}-\d{1,2}-\d{1,2}\S*|\b\d{1,2}:\d{2}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|"[^"]*"/gi
const mathWords = /what(?:'s|’s| is| are)|how much|calculat|comput|evaluat|solve|work out|sum|add|=/i

/** The arithmetic of a message, as expressions that a calculator takes: "17% of 2340" becomes "2340 * 17 / 100". */
export function findExpressions(message: string): string[] {
  let text = message.replace(notArithmetic, (found) => ' '.repeat(found.length))
  const asked = mathWords.test(message) || text.search(percentOf) >= 0
  text = text.replace(percentOf, (_, percent: string, base: string) => `(${plain(base)} * ${plain(percent)} / 100)`)
  const expressions: string[] = []
  for (const [pattern, sign] of spelled) text = text.replace(pattern, sign)
  for (const [found] of text.matchAll(run)) {
    for (const part of plain(found).split(/,|\.\s|\n/)) {
      const expression = tidy(part)
      if (isArithmetic(expression, asked)) expressions.push(expression)
    }
  }
  return [...new Set(expressions)]
}

/** "17% of 2340" where that is how the expression was asked for, else the expression. */
export function nameExpression(expression: string): { text: string; verb: string } {
  const [, base, percent] = /^([\d.]+) \* ([\d.]+) \/ 100$/.exec(expression) ?? []
  if (base && percent) return { text: `${percent}% of ${base}`, verb: 'is' }
  return { text: expression, verb: '=' }
}

function plain(text: string): string {
  return text.replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
}

/** Takes off what prose left at both ends, and parentheses without a partner. */
function tidy(text: string): string {
  let expression = text.trim().replace(/^[+*/^%.\s]+|^-\s+/, '')
  for (let before = ''; before !== expression; ) {
    before = expression
    expression = expression.replace(/[+\-*/^(.\s]+$/, '').trim()
    const open = (expression.match(/\(/g) ?? []).length
    const closed = (expression.match(/\)/g) ?? []).length
    if (closed > open) expression = expression.replace(/\)(?=[^)]*$)/, '').trim()
    if (open > closed) expression = expression.replace(/\(/, '').trim()
  }
  return expression.replace(/^\(([\d.]+ \* [\d.]+ \/ 100)\)$/, '$1')
}

function isArithmetic(expression: string, asked: boolean): boolean {
  if (/[a-z]\(/i.test(expression)) return true
  if (!/[\d)%]\s*[+\-*/^]\s*[-(\d.]/.test(expression)) return false
  // "pages 3-5" and "24/7" are arithmetic only where a sum was asked for.
  return asked || !/^\d+[-/]\d+([-/]\d+)*$/.test(expression)
}

import { html, type Html } from './html.ts'

/** What the pages of our two status servers have in common: readable without scripts, reloading themselves. */

export interface PageParts {
  title: string
  refreshSeconds: number
  body: Html
}

export function page({ title, refreshSeconds, body }: PageParts): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content="${refreshSeconds}" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html>`.text
}

/** The look of a page, for `/style.css`: what is bad is red, what is doubtful is amber, in light and dark. */
export function pageStyle({ widthRem, bad, doubtful }: PageLook): string {
  const [badRule, doubtfulRule] = [bad.join(', '), doubtful.join(', ')]
  return `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { margin: 1.5rem auto; max-width: ${widthRem}rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } caption { text-align: left }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
${badRule} { color: #c62828 } ${doubtfulRule} { color: #b26a00 } .dim { opacity: .7 }
@media (prefers-color-scheme: dark) { ${badRule} { color: #ff8a80 } ${doubtfulRule} { color: #ffb74d } }
`
}

interface PageLook {
  widthRem: number
  /** CSS selectors. */
  bad: readonly string[]
  doubtful: readonly string[]
}

'use client'

import { Children, isValidElement, memo, type ReactNode } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { Code } from './code.tsx'
import { OutsideLink } from './outside-link.tsx'
import { readable } from './readable.ts'

/**
 * Text that somebody unknown wrote, such as an agent. HTML in it stays text, images are not loaded, since the address of one can
 * carry a secret away, and links ask first.
 */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className={look}>
      <ReactMarkdown remarkPlugins={plugins} components={components} urlTransform={allowedUrl}>
        {readable(text)}
      </ReactMarkdown>
    </div>
  )
})

const plugins = [remarkGfm]

const look = [
  'min-w-0 space-y-3 leading-relaxed break-words',
  '[&_ul]:list-disc [&_ol]:list-decimal [&_:is(ul,ol)]:space-y-1 [&_:is(ul,ol)]:pl-6 [&_.contains-task-list]:list-none [&_.contains-task-list]:pl-0',
  '[&_blockquote]:border-l-2 [&_blockquote]:border-line-strong [&_blockquote]:pl-3 [&_blockquote]:text-soft [&_hr]:border-line',
  '[&_:not(pre)>code]:rounded-sm [&_:not(pre)>code]:bg-sunken [&_:not(pre)>code]:px-1 [&_:not(pre)>code]:font-mono [&_:not(pre)>code]:text-[0.9em]',
  '[&_:is(th,td)]:border-b [&_:is(th,td)]:border-line [&_:is(th,td)]:px-3 [&_:is(th,td)]:py-1.5 [&_:is(th,td)]:text-left [&_th]:font-medium',
].join(' ')

/** Addresses of the web and of mail only: neither scripts nor pages of this application. */
function allowedUrl(url: string): string {
  return /^(https?:\/\/|mailto:)/i.test(url) ? url : ''
}

const components: Components = {
  a: ({ href, children }) => (href ? <OutsideLink href={href}>{children}</OutsideLink> : <span>{children}</span>),
  img({ src, alt }) {
    const words = `Image${alt ? `: ${alt}` : ''}`
    return typeof src === 'string' && src !== '' ? <OutsideLink href={src}>{words}</OutsideLink> : <span>{words}</span>
  },
  pre: ({ children }) => <Code text={wordsOf(children).replace(/\n$/, '')} label="Code" />,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
    <section className="overflow-x-auto rounded-md border border-line" tabIndex={0} aria-label="Table">
      <table className="w-full">{children}</table>
    </section>
  ),
  // A page has headings of its own; those of an answer are none of it.
  ...Object.fromEntries(
    ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((level) => [
      level,
      ({ children }: { children?: ReactNode }) => <p className="pt-1 font-semibold">{children}</p>,
    ]),
  ),
}

function wordsOf(node: ReactNode): string {
  return Children.toArray(node)
    .map((each) => (isValidElement<{ children?: ReactNode }>(each) ? wordsOf(each.props.children) : String(each)))
    .join('')
}

import { cva, type VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import Link from 'next/link'
import type { ComponentProps, MouseEvent } from 'react'
import { classNames } from './class-names.ts'

const look = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      kind: {
        primary: 'bg-brand text-on-brand hover:brightness-110',
        plain: 'border border-line bg-surface text-ink hover:bg-sunken',
        quiet: 'text-soft hover:bg-sunken hover:text-ink',
        danger: 'border border-line bg-surface text-bad hover:bg-bad-soft',
      },
      size: { small: 'h-7 px-2 text-xs', normal: 'h-8.5 px-3 text-sm', icon: 'size-8.5', 'small-icon': 'size-7' },
    },
    defaultVariants: { kind: 'plain', size: 'normal' },
  },
)
type Look = VariantProps<typeof look>

/** Sends no form either. */
const takeNone = (event: MouseEvent) => event.preventDefault()

/** `busy` keeps its width and the focus, and takes no second click. */
export function Button({
  kind,
  size,
  busy = false,
  className,
  children,
  onClick,
  ...rest
}: ComponentProps<'button'> & Look & { busy?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      onClick={busy ? takeNone : onClick}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      className={classNames(look({ kind, size }), className)}
    >
      {busy && <LoaderCircle className="animate-spin" aria-hidden />}
      {children}
    </button>
  )
}

export function ButtonLink({ kind, size, className, ...rest }: ComponentProps<typeof Link> & Look) {
  return <Link {...rest} className={classNames(look({ kind, size }), className)} />
}

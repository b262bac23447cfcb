import { type ClassValue, clsx } from 'clsx'
import { twMerge } from 'tailwind-merge'

/** Joins classes; of those that set the same property the last one holds. */
export const classNames = (...values: ClassValue[]): string => twMerge(clsx(values))

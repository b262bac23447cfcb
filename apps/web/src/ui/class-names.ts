/** Joins classes. Where two set the same property, the style sheet's order decides, so one that has to win ends in `!`. */
export { clsx as classNames } from 'clsx'

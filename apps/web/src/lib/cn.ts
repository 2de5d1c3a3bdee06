import { type ClassValue, clsx } from 'clsx'
import { twMerge } from 'tailwind-merge'

/** Class names, later ones win. */
export const cn = (...classes: ClassValue[]) => twMerge(clsx(classes))

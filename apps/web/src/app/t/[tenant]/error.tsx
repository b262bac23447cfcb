'use client'

// Below the frame of the tenant: the menu stays.
export { PageError as default } from '../../../ui/page-error.tsx'

import { z } from 'zod'

/** The `Idempotency-Key` header. Sent as it is or, as draft-ietf-httpapi-idempotency-key-header-07 has it, in double quotes. */
export const idempotencyKeySchema = z
  .string()
  .regex(
    /^("?)[\x21\x23-\x5b\x5d-\x7e]{1,255}\1$/,
    'use 1 to 255 visible ASCII characters other than " and \\, such as a random UUID',
  )
  .transform((key) => key.replaceAll('"', ''))

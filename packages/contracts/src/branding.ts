import { z } from 'zod'
import { plainText } from './plain-text.ts'

const maxLogoBytes = 262_144

const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #1a2b3c')
  .toLowerCase()
const email = z.email().max(254)
// As the standard writes it: without what would end a line of a mail or an attribute of a page.
const supportUrl = z
  .url({ protocol: /^https$/ })
  .max(500)
  .refine((text) => !URL.parse(text)?.username, 'must not show one host before another')
  .transform((text) => new URL(text).href)
const supportAddress = z.union([email, supportUrl], {
  error: 'must be an email address or an https URL without a user name',
})

const colors = z.strictObject({ primary: color.nullable(), background: color.nullable(), text: color.nullable() })

/** Replaces all of it: what is absent or null is as the installation has it. */
export const putBrandingSchema = z
  .strictObject({
    name: plainText(80).nullable(),
    colors: colors.partial(),
    supportAddress: supportAddress.nullable(),
    /** Of mails. They come from the installation's address all the same. */
    sender: z
      .strictObject({
        // What a mail program could take for an address is the installation's to say, also encoded (RFC 2047).
        name: plainText(80)
          .regex(/^(?!.*=\?)[^@\uff20\ufe6b<>"]*$/, 'must not hold @, <, >, " or =?')
          .nullable(),
        replyTo: email.nullable(),
      })
      .partial(),
  })
  .partial()

export const putLogoSchema = z.strictObject({
  /** A PNG, JPEG or WebP of 256 KiB at the most, in base64. */
  data: z
    .base64()
    .min(1)
    .max(Math.ceil(maxLogoBytes / 3) * 4, `a logo has ${maxLogoBytes} bytes at the most`),
})

const hostNameSchema = z
  .string()
  .toLowerCase()
  .max(243)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/,
    'must be a full host name such as agents.example.com, without a port (in Punycode where it is not ASCII)',
  )
export const claimHostSchema = z.strictObject({ host: hostNameSchema })

/** What is to change: what is absent stays, and null is as the installation has it. */
export const changeBrandingSchema = putBrandingSchema.extend({
  logo: putLogoSchema.nullable().optional(),
  /** Claimed, as `claimHost` does. */
  host: hostNameSchema.nullable().optional(),
})

export const customHostSchema = z
  .object({
    host: z.string(),
    status: z.enum(['pending', 'expired', 'verified']),
    record: z
      .object({ name: z.string(), type: z.literal('TXT'), value: z.string() })
      .meta({ description: 'What has to be in DNS, and stay there.' }),
    expiresAt: z.iso.datetime().nullable().meta({ description: 'When the claim is void; null once it is verified.' }),
    verifiedAt: z.iso.datetime().nullable(),
    missingSince: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Since when the record is not in DNS. After three days the host is given up.' }),
  })
  .meta({ id: 'CustomHost', description: 'A host name of a tenant’s own.' })

const shownColors = z.object({
  primary: z.string().nullable(),
  background: z.string().nullable(),
  text: z.string().nullable(),
})

export const brandingSchema = z
  .object({
    name: z.string().nullable(),
    logo: z.object({ url: z.string(), contentType: z.string() }).nullable(),
    colors: shownColors,
    supportAddress: z.string().nullable(),
    sender: z.object({ name: z.string().nullable(), replyTo: z.string().nullable() }),
    host: customHostSchema.nullable(),
    warnings: z.array(z.string()).meta({ description: 'Colours that are hard to read on each other (WCAG 2.2).' }),
  })
  .meta({ id: 'Branding', description: 'How a tenant looks; null is as the installation has it.' })

/** What anybody sees who opens a page of the host. */
export const publicBrandingSchema = z
  .object({
    name: z.string(),
    logoUrl: z.string().nullable(),
    colors: shownColors,
    supportAddress: z.string().nullable(),
  })
  .meta({ id: 'PublicBranding' })

export type PutBranding = z.output<typeof putBrandingSchema>
export type ChangeBranding = z.output<typeof changeBrandingSchema>
export type PutLogo = z.output<typeof putLogoSchema>
export type ClaimHost = z.output<typeof claimHostSchema>
export type CustomHost = z.output<typeof customHostSchema>
export type Branding = z.output<typeof brandingSchema>
export type PublicBranding = z.output<typeof publicBrandingSchema>

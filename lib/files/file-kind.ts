import type { FileName } from './file-name.ts'

/**
 * What a file is to a phone. `forbidden` is never served: keys, leftovers of editors, our own lists. `backup` is a
 * user's file, which user-names.ts knows.
 */
export type FileKind =
  'backup' | 'upgrade' | 'settings' | 'firmware' | 'language' | 'certificate' | 'other' | 'forbidden'

/** First match wins. Names as in the phones' administrator guides; case does not matter to any of them. */
const kinds: readonly (readonly [FileKind, RegExp])[] = [
  ['forbidden', /^(?:(?:tftp|http|https|ftp)_)?allow_ip\.txt$/],
  [
    'forbidden',
    /\.(?:bak|old|orig|save|tmp|temp|part|swp|swo|swx|key|p8|pfx|p12|jks|ppk|ini|log|gz|tgz|toml)$|~$|^#.*#$/,
  ],
  ['settings', /^(?:46xxsettings|46xxspecials|fxd_settings)\.txt$/],
  [
    'settings',
    /^(?:[0-9a-f]{12}|sep[0-9a-f]{12}|sip[0-9a-f]{12}|cfg[0-9a-f]{12}).*\.(?:txt|cfg|cnf|xml|boot)$/,
  ],
  ['upgrade', /upgrade\.(?:scr|txt)$/],
  ['language', /^mlf_.*\.xml$|\.(?:lng|lang)$/],
  ['certificate', /\.(?:pem|crt|cer|der)$|_pem_\d+\.txt$/],
  ['firmware', /\.(?:bin|tar|zip|ebin|app|sbn|loads|ld|rom|fw|img)$/],
]

export function kindOf(name: FileName): FileKind {
  const base = name.slice(name.lastIndexOf('/') + 1).toLowerCase()
  return kinds.find(([, pattern]) => pattern.test(base))?.[0] ?? 'other'
}

// Owns what `--starttls` takes. Refuses to know what the protocols say.

/** The protocols that begin in plaintext and that the command can take to TLS. */
export const startTlsNames = ["smtp", "imap", "pop3", "ftp", "xmpp", "ldap", "postgres", "mysql"] as const;

/** One of them, as the command line writes it. */
export type StartTlsName = (typeof startTlsNames)[number];

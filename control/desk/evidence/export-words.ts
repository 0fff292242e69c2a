/** What an export says about itself, and the script that checks it. Read by courts and police, so in plain words. */

type About = {
  readonly exportedAt: string;
  readonly exportedBy: string;
  readonly case: string;
  readonly reason: string;
  readonly provider: string;
};

export function readme(about: About): string {
  return `Evidence of case ${about.case}
Exported ${about.exportedAt} by ${about.exportedBy} for ${about.provider}.
Reason: ${about.reason}

What is here
  manifest.sha256   the SHA-256 of every other file
  items.json        what each item is, where it came from, what was found; redacted
  custody.json      who did what with each item, when and why; each line is chained to the one before
  verify.sh         checks the manifest and the outside times
  evidence/ID/      the files of an item:
    CAPTURE.wacz          our own copy of an address: WARC records of what was asked and answered, byte for byte,
                          with the answer of the name servers, the certificates of the server, and the words of the page
    CAPTURE.wacz.tsr      an RFC 3161 time-stamp of that file, made by an authority outside this house
    CAPTURE.wacz.tsa.pem  the certificates that came with it
    CAPTURE.png           a picture of the page, taken by a browser that ran no scripts: a help to the eye, not the evidence
    file.*                a file that somebody handed in, as it came
    text.redacted.txt     words that somebody handed in, without what names people

What it shows and what it does not
  A time-stamp shows that a file existed at that time and was not changed since. Who vouches for the authority is not in this export:
  compare the certificate with what the authority publishes, and pass its root to verify.sh if you have it.
  A capture shows what the server answered to us at that time and place. It does not show who wrote it.
  Levels: A0 an assertion, A1 a copy that somebody handed in, A2 our own capture, A3 a second capture at least an hour later
  or a copy elsewhere, A4 confirmed by the platform, the operator or the police.
  Names of reporters and of people in danger are under seal and are not in what we wrote; a captured page is as it was.

How to check
  sh verify.sh              needs sha256sum and openssl 3
  sh verify.sh root.pem     with the root certificate of the time-stamp authority
`;
}

export const verifyScript = `#!/bin/sh
# Checks an export: every file against its SHA-256, every outside time against its file. Ends with 0 when everything holds.
# First argument: the root certificate of the time-stamp authority (PEM). Without it, the certificates in the export are taken as given.
set -u
root=
if [ $# -gt 0 ]; then root=$(readlink -f "$1") || exit 2; fi
cd "$(dirname "$0")" || exit 2
failed=0
if sha256sum --quiet -c manifest.sha256; then echo "manifest: every file is as it was exported"; else failed=1; fi
for stamp in evidence/*/*.tsr; do
  [ -e "$stamp" ] || { echo "outside times: there are none"; break; }
  file=\${stamp%.tsr}
  chain=$file.tsa.pem
  if [ -n "$root" ]; then
    set -- -CAfile "$root" -untrusted "$chain"
  else
    set -- -CAfile "$chain" -partial_chain
  fi
  if said=$(openssl ts -verify -data "$file" -in "$stamp" "$@" 2>&1); then
    when=$(openssl ts -reply -in "$stamp" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
    echo "outside time: $file existed at $when"
  else
    echo "outside time: $file DOES NOT VERIFY: $said"
    failed=1
  fi
done
exit $failed
`;

/**
 * The receipt of a mailed report, in words. It repeats nothing of the report: whoever reads that mailbox may be whom it is about.
 *
 * In the language that the report is probably in (core/desk/language.ts), in English when we do not write that one. A wrong guess costs
 * nothing but a translation: number, link and leaf are the same in all.
 */
import type { Accepted } from '../deps.ts';

type House = { readonly provider: string; readonly publicUrl: string; readonly domain: string };

type Words = {
  readonly subject: (number: number) => string;
  readonly received: (provider: string, number: number, at: string) => string;
  readonly danger: (reportUrl: string, mailbox: string) => string;
  readonly link: string;
  readonly answer: string;
  readonly proof: string;
};

const words = {
  en: {
    subject: (number) => `We have your report: number ${number}`,
    received: (provider, number, at) =>
      `${provider} has received your report. Its number is ${number}, and it was received at ${at} (UTC).`,
    danger: (url, mailbox) =>
      `If somebody is in danger now, call your local emergency number (112, 911, 999) first. Then tell us at ${url}, or write to ${mailbox}: that wakes the people on call.`,
    link: 'Your private link shows how the report stands, our questions and our answer, and lets you add to it or withdraw it. Whoever has the link can do the same, so keep it to yourself:',
    answer: 'You can also answer this mail from the same mailbox to add something.',
    proof: 'We do not pass on who you are. The lines below prove that you reported, without saying what; keep them.',
  },
  de: {
    subject: (number) => `Ihre Meldung ist angekommen: Nummer ${number}`,
    received: (provider, number, at) =>
      `${provider} hat Ihre Meldung erhalten. Sie hat die Nummer ${number} und kam am ${at} (UTC) an.`,
    danger: (url, mailbox) =>
      `Wenn jemand jetzt in Gefahr ist, rufen Sie zuerst den Notruf an (112, in der Schweiz auch 117). Sagen Sie es dann uns unter ${url} oder schreiben Sie an ${mailbox}: Das weckt die Bereitschaft.`,
    link: 'Ihr privater Link zeigt, wie es um die Meldung steht, unsere Fragen und unsere Antwort; dort können Sie etwas hinzufügen oder die Meldung zurückziehen. Wer den Link hat, kann das auch, behalten Sie ihn also für sich:',
    answer: 'Sie können auch vom selben Postfach auf diese Mail antworten, um etwas hinzuzufügen.',
    proof:
      'Wir geben nicht weiter, wer Sie sind. Die Zeilen unten beweisen, dass Sie etwas gemeldet haben, ohne zu sagen, was; bewahren Sie sie auf.',
  },
  es: {
    subject: (number) => `Hemos recibido su denuncia: número ${number}`,
    received: (provider, number, at) => `${provider} ha recibido su denuncia. Su número es ${number} y llegó el ${at} (UTC).`,
    danger: (url, mailbox) =>
      `Si alguien está en peligro ahora, llame primero al número de emergencias (112, 911). Después avísenos en ${url} o escriba a ${mailbox}: eso despierta a las personas de guardia.`,
    link: 'Su enlace privado muestra cómo va la denuncia, nuestras preguntas y nuestra respuesta, y permite añadir algo o retirarla. Quien tenga el enlace puede hacer lo mismo, así que no lo comparta:',
    answer: 'También puede responder a este correo desde el mismo buzón para añadir algo.',
    proof: 'No comunicamos a nadie quién es usted. Las líneas siguientes prueban que usted denunció, sin decir qué; guárdelas.',
  },
  fr: {
    subject: (number) => `Nous avons reçu votre signalement : numéro ${number}`,
    received: (provider, number, at) =>
      `${provider} a reçu votre signalement. Son numéro est ${number} et il est arrivé le ${at} (UTC).`,
    danger: (url, mailbox) =>
      `Si quelqu’un est en danger maintenant, appelez d’abord les secours (112, ou 17 en France). Prévenez-nous ensuite sur ${url} ou écrivez à ${mailbox} : cela réveille les personnes d’astreinte.`,
    link: 'Votre lien privé montre où en est le signalement, nos questions et notre réponse, et permet de le compléter ou de le retirer. Quiconque a le lien peut en faire autant, gardez-le donc pour vous :',
    answer: 'Vous pouvez aussi répondre à ce message depuis la même adresse pour ajouter quelque chose.',
    proof:
      'Nous ne disons à personne qui vous êtes. Les lignes ci-dessous prouvent que vous avez fait un signalement, sans dire lequel ; conservez-les.',
  },
  ar: {
    subject: (number) => `استلمنا بلاغك: رقم ${number}`,
    received: (provider, number, at) => `استلمت ${provider} بلاغك. رقمه ${number} وقد وصل في ${at} (UTC).`,
    danger: (url, mailbox) =>
      `إذا كان أحد في خطر الآن فاتصل أولًا برقم الطوارئ في بلدك (112 أو 911 أو 999). ثم أخبرنا عبر ${url} أو اكتب إلى ${mailbox}: هذا يوقظ المناوبين.`,
    link: 'يعرض رابطك الخاص حالة البلاغ وأسئلتنا وجوابنا، ويتيح لك الإضافة إليه أو سحبه. من يملك الرابط يستطيع ذلك أيضًا، فاحتفظ به لنفسك:',
    answer: 'يمكنك أيضًا الرد على هذه الرسالة من العنوان نفسه لإضافة شيء.',
    proof: 'لا نخبر أحدًا من أنت. تثبت الأسطر التالية أنك قدمت بلاغًا دون أن تقول ما هو؛ احتفظ بها.',
  },
} as const satisfies Record<string, Words>;

const byLanguage: ReadonlyMap<string, Words> = new Map(Object.entries(words));

/** `language`: a hint such as `de`; null or one that we do not write: English. */
export function receiptMail(accepted: Accepted, language: string | null, house: House): { subject: string; body: string } {
  const said = byLanguage.get(language ?? 'en') ?? words.en;
  const body = [
    said.received(house.provider, accepted.number, accepted.receivedAt),
    said.danger(`${house.publicUrl}/report`, `danger@${house.domain}`),
    `${said.link}\n${accepted.statusUrl}`,
    said.answer,
    `${said.proof}\n${accepted.leaf}\nSHA-256 ${accepted.sha256}`,
  ];
  return { subject: said.subject(accepted.number), body: `${body.join('\n\n')}\n` };
}

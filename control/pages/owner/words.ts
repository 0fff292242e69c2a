/**
 * Words of the pages for owners and of the criteria, in the five languages of the public pages. English first; the others have its shape.
 *
 * The notices and criteria themselves are in the language in which they were written, which the page says.
 */
import type { AppealState } from '../../../contract/desk/words.ts';

export type OwnerWords = {
  readonly eyebrow: (site: string) => string;
  readonly inEnglish: string;
  readonly error: string;
  readonly tooShort: string;
  readonly deadline: string;
  readonly decision: string;
  readonly yourReply: string;
  readonly yourAppeal: string;
  readonly answerBy: string;
  readonly appealState: Readonly<Record<AppealState, string>>;
  readonly reply: string;
  readonly replyHint: string;
  readonly send: string;
  readonly replySent: string;
  readonly appeal: string;
  readonly appealHint: string;
  readonly sendAppeal: string;
  readonly appealSent: string;
  readonly cookie: string;
  readonly goneTitle: string;
  readonly gone: string;
  readonly goneAppeal: string;
  readonly criteria: string;
  readonly criteriaLede: string;
  readonly newest: string;
  readonly older: string;
};

const english: OwnerWords = {
  eyebrow: (site) => `Notice about ${site}`,
  inEnglish: 'This notice is written in English.',
  error: 'Something is missing',
  tooShort: 'Write at least a sentence, and at most 10,000 characters.',
  deadline: 'We ask you to act until',
  decision: 'Decision',
  yourReply: 'Your reply',
  yourAppeal: 'Your appeal',
  answerBy: 'Answered by',
  appealState: {
    open: 'It waits for somebody who did not decide.',
    taken: 'Somebody who did not decide is looking at it.',
    upheld: 'The decision stands.',
    modified: 'The decision is to be narrowed.',
    reversed: 'The decision was reversed.',
    withdrawn: 'It was withdrawn.',
  },
  reply: 'Reply',
  replyHint: 'What you did, what we should know, what you do not understand.',
  send: 'Send the reply',
  replySent: 'Your reply is kept. The people who decided read it.',
  appeal: 'Appeal',
  appealHint: 'What is wrong: the facts, the scope, or that the danger is over. What you can show counts.',
  sendAppeal: 'Appeal the decision',
  appealSent: 'Your appeal is open. Somebody who did not decide looks at it.',
  cookie: 'One cookie lets this browser open this notice for an hour. It is used for nothing else.',
  goneTitle: 'This link opens nothing any more',
  gone: 'Open the link of the mail again. If it still opens nothing, it was copied without its end, or it is older than half a year. The same notice is in the console.',
  goneAppeal: 'How to appeal otherwise',
  criteria: 'Criteria',
  criteriaLede:
    'What we look at before we restrict a site. Every version is published before it is used and never changed; a decision cites the one that it rests on.',
  newest: 'In use',
  older: 'Earlier version',
};

const german: OwnerWords = {
  eyebrow: (site) => `Mitteilung zu ${site}`,
  inEnglish: 'Diese Mitteilung ist auf Englisch verfasst.',
  error: 'Es fehlt etwas',
  tooShort: 'Schreiben Sie wenigstens einen Satz und höchstens 10.000 Zeichen.',
  deadline: 'Wir bitten Sie zu handeln bis',
  decision: 'Entscheidung',
  yourReply: 'Ihre Antwort',
  yourAppeal: 'Ihr Einspruch',
  answerBy: 'Beantwortet bis',
  appealState: {
    open: 'Er wartet auf jemanden, der nicht entschieden hat.',
    taken: 'Jemand, der nicht entschieden hat, prüft ihn.',
    upheld: 'Die Entscheidung bleibt.',
    modified: 'Die Entscheidung soll enger gefasst werden.',
    reversed: 'Die Entscheidung wurde aufgehoben.',
    withdrawn: 'Er wurde zurückgezogen.',
  },
  reply: 'Antworten',
  replyHint: 'Was Sie getan haben, was wir wissen sollten, was Sie nicht verstehen.',
  send: 'Antwort senden',
  replySent: 'Ihre Antwort ist angekommen. Wer entschieden hat, liest sie.',
  appeal: 'Einspruch',
  appealHint: 'Was falsch ist: die Tatsachen, der Umfang, oder dass die Gefahr vorbei ist. Es zählt, was Sie zeigen können.',
  sendAppeal: 'Einspruch erheben',
  appealSent: 'Ihr Einspruch läuft. Jemand, der nicht entschieden hat, prüft ihn.',
  cookie: 'Ein Cookie lässt diesen Browser die Mitteilung eine Stunde lang öffnen. Es dient zu nichts anderem.',
  goneTitle: 'Dieser Link öffnet nichts mehr',
  gone: 'Öffnen Sie den Link aus der Mail noch einmal. Öffnet er immer noch nichts, wurde er ohne sein Ende kopiert oder ist älter als ein halbes Jahr. Dieselbe Mitteilung steht in der Konsole.',
  goneAppeal: 'Wie man sonst Einspruch erhebt',
  criteria: 'Kriterien',
  criteriaLede:
    'Worauf wir achten, bevor wir eine Website einschränken. Jede Fassung wird veröffentlicht, bevor sie gilt, und nie geändert; eine Entscheidung nennt die Fassung, auf der sie beruht.',
  newest: 'In Gebrauch',
  older: 'Frühere Fassung',
};

const spanish: OwnerWords = {
  eyebrow: (site) => `Aviso sobre ${site}`,
  inEnglish: 'Este aviso está escrito en inglés.',
  error: 'Falta algo',
  tooShort: 'Escriba al menos una frase y como máximo 10.000 caracteres.',
  deadline: 'Le pedimos que actúe antes de',
  decision: 'Decisión',
  yourReply: 'Su respuesta',
  yourAppeal: 'Su recurso',
  answerBy: 'Se responde antes de',
  appealState: {
    open: 'Espera a alguien que no decidió.',
    taken: 'Lo examina alguien que no decidió.',
    upheld: 'La decisión se mantiene.',
    modified: 'La decisión se va a limitar.',
    reversed: 'La decisión se anuló.',
    withdrawn: 'Se retiró.',
  },
  reply: 'Responder',
  replyHint: 'Qué ha hecho, qué deberíamos saber, qué no entiende.',
  send: 'Enviar la respuesta',
  replySent: 'Hemos recibido su respuesta. La leen quienes decidieron.',
  appeal: 'Recurrir',
  appealHint: 'Qué está mal: los hechos, el alcance, o que el peligro ha pasado. Cuenta lo que pueda mostrar.',
  sendAppeal: 'Recurrir la decisión',
  appealSent: 'Su recurso está abierto. Lo examina alguien que no decidió.',
  cookie: 'Una cookie permite que este navegador abra el aviso durante una hora. No sirve para nada más.',
  goneTitle: 'Este enlace ya no abre nada',
  gone: 'Abra de nuevo el enlace del correo. Si sigue sin abrir nada, se copió sin el final o tiene más de medio año. El mismo aviso está en la consola.',
  goneAppeal: 'Cómo recurrir de otro modo',
  criteria: 'Criterios',
  criteriaLede:
    'Qué miramos antes de restringir un sitio. Cada versión se publica antes de usarse y nunca se cambia; una decisión cita la versión en que se basa.',
  newest: 'En uso',
  older: 'Versión anterior',
};

const french: OwnerWords = {
  eyebrow: (site) => `Avis concernant ${site}`,
  inEnglish: 'Cet avis est rédigé en anglais.',
  error: 'Il manque quelque chose',
  tooShort: 'Écrivez au moins une phrase et au plus 10 000 caractères.',
  deadline: 'Nous vous demandons d’agir avant le',
  decision: 'Décision',
  yourReply: 'Votre réponse',
  yourAppeal: 'Votre recours',
  answerBy: 'Réponse avant le',
  appealState: {
    open: 'Il attend quelqu’un qui n’a pas décidé.',
    taken: 'Quelqu’un qui n’a pas décidé l’examine.',
    upheld: 'La décision est maintenue.',
    modified: 'La décision doit être réduite.',
    reversed: 'La décision a été annulée.',
    withdrawn: 'Il a été retiré.',
  },
  reply: 'Répondre',
  replyHint: 'Ce que vous avez fait, ce que nous devrions savoir, ce que vous ne comprenez pas.',
  send: 'Envoyer la réponse',
  replySent: 'Votre réponse est enregistrée. Ceux qui ont décidé la lisent.',
  appeal: 'Recours',
  appealHint: 'Ce qui est faux : les faits, l’étendue, ou que le danger est passé. Ce que vous pouvez montrer compte.',
  sendAppeal: 'Former un recours',
  appealSent: 'Votre recours est ouvert. Quelqu’un qui n’a pas décidé l’examine.',
  cookie: 'Un cookie permet à ce navigateur d’ouvrir cet avis pendant une heure. Il ne sert à rien d’autre.',
  goneTitle: 'Ce lien n’ouvre plus rien',
  gone: 'Ouvrez encore une fois le lien du courriel. S’il n’ouvre toujours rien, il a été copié sans sa fin ou il a plus de six mois. Le même avis est dans la console.',
  goneAppeal: 'Comment former un recours autrement',
  criteria: 'Critères',
  criteriaLede:
    'Ce que nous regardons avant de restreindre un site. Chaque version est publiée avant d’être appliquée et n’est jamais modifiée ; une décision cite celle sur laquelle elle repose.',
  newest: 'En vigueur',
  older: 'Version antérieure',
};

const arabic: OwnerWords = {
  eyebrow: (site) => `إشعار بشأن ${site}`,
  inEnglish: 'هذا الإشعار مكتوب بالإنجليزية.',
  error: 'هناك شيء ناقص',
  tooShort: 'اكتب جملة واحدة على الأقل، وما لا يزيد على 10000 حرف.',
  deadline: 'نطلب منك أن تتصرف قبل',
  decision: 'القرار',
  yourReply: 'ردّك',
  yourAppeal: 'اعتراضك',
  answerBy: 'يُجاب عنه قبل',
  appealState: {
    open: 'ينتظر شخصًا لم يشارك في القرار.',
    taken: 'ينظر فيه شخص لم يشارك في القرار.',
    upheld: 'القرار باقٍ.',
    modified: 'سيُضيَّق القرار.',
    reversed: 'أُلغي القرار.',
    withdrawn: 'سُحب.',
  },
  reply: 'الرد',
  replyHint: 'ما فعلته، وما ينبغي أن نعرفه، وما لا تفهمه.',
  send: 'أرسل الرد',
  replySent: 'حُفظ ردّك ويقرؤه من اتخذوا القرار.',
  appeal: 'الاعتراض',
  appealHint: 'ما الخطأ: الوقائع، أو النطاق، أو أن الخطر قد زال. المهم ما يمكنك إثباته.',
  sendAppeal: 'اعترض على القرار',
  appealSent: 'اعتراضك مفتوح وينظر فيه شخص لم يشارك في القرار.',
  cookie: 'ملف تعريف ارتباط واحد يتيح لهذا المتصفح فتح الإشعار لمدة ساعة، ولا يُستعمل لغير ذلك.',
  goneTitle: 'هذا الرابط لم يعد يفتح شيئًا',
  gone: 'افتح رابط الرسالة مرة أخرى. إن لم يفتح شيئًا فقد نُسخ ناقصًا أو مضى عليه أكثر من نصف سنة. الإشعار نفسه موجود في لوحة التحكم.',
  goneAppeal: 'كيف تعترض بطريقة أخرى',
  criteria: 'المعايير',
  criteriaLede: 'ما ننظر فيه قبل أن نقيّد موقعًا. تُنشر كل نسخة قبل استعمالها ولا تُغيَّر أبدًا، ويذكر كل قرار النسخة التي يستند إليها.',
  newest: 'مستعملة الآن',
  older: 'نسخة سابقة',
};

const catalogues: Readonly<Record<string, OwnerWords>> = { ar: arabic, de: german, en: english, es: spanish, fr: french };

/** The words in a language of the public pages. */
export function ownerWordsFor(language: string): OwnerWords {
  return catalogues[language] ?? english;
}

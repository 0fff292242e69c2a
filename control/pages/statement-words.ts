/**
 * Words of the statement of reasons on a decision's page, in the five languages of the public pages. English first; the others have its shape.
 *
 * Reasons themselves stand in the language in which the desk wrote them. Long because a sentence is checked against its four others, one below the other.
 */
import type { LadderStep, Limb, ReportClass } from '../../contract/desk/words.ts';
import type { PublicStatement } from '../../contract/routes/orders.ts';

export type StatementWords = {
  readonly limbsTitle: string;
  readonly limbs: Readonly<Record<Limb, string>>;
  readonly met: string;
  readonly notMet: string;
  readonly whyNotTitle: string;
  readonly steps: Readonly<Record<LadderStep, string>>;
  readonly criteria: string;
  readonly criteriaBefore: string;
  readonly criteriaAfter: string;
  readonly criteriaLink: string;
  readonly volumeTitle: string;
  readonly volume: (n: string, m: string, k: string, w: string) => string;
  readonly volumeWithheld: string;
  readonly fewerThanFive: string;
  readonly machineTitle: string;
  readonly machine: string;
  readonly provisional: string;
  readonly replacedBy: string;
  readonly replaces: string;
  readonly reversed: string;
  readonly appealTitle: string;
  readonly appeal: Readonly<Record<PublicStatement['appeal'], string>>;
  readonly reviews: string;
  readonly review: Readonly<Record<'yes' | 'no' | 'unknown', string>>;
  readonly afterDays: (days: number) => string;
  readonly notActed: string;
  readonly notActedTitle: string;
  readonly notActedLede: string;
  readonly decidedAt: string;
  readonly recheck: string;
  readonly about: string;
  readonly classes: Readonly<Record<ReportClass, string>>;
  readonly noSite: string;
};

const english: StatementWords = {
  limbsTitle: 'What was asked',
  limbs: {
    'specific-and-targeted': 'Specific, and targeted at named persons',
    'escalating-in-window': 'Escalating within 48 hours',
    'threat-to-life': 'A threat to human life',
    'nexus-to-site': 'On the site, or organised through it',
    'legal-process-too-slow': 'Legal process was sought and is too slow',
    'stands-without-volume': 'The reasons stand without the number of reports',
    'narrower-would-not-do': 'A narrower measure would not do',
    'end-and-review': 'It has an end and is reviewed',
    'appeal-open': 'It can be appealed',
    'criteria-before-case': 'The criteria were published before the case',
  },
  met: 'met',
  notMet: 'not met',
  whyNotTitle: 'Why nothing narrower',
  steps: {
    'owner-notice': 'Asking the owner',
    'notice-on-path': 'A notice on one part',
    'limit-or-challenge': 'A limit or a check',
    'captcha-keys': 'Suspending captcha keys',
    'provisional-notice-page': 'A provisional notice of 72 hours',
    'protection-withdrawn': 'Withdrawing protection',
    'account-closed': 'Closing the account',
  },
  criteria: 'Criteria',
  criteriaBefore: 'Published before the case was opened.',
  criteriaAfter: 'Published after the case was opened. That should not be, so we say it.',
  criteriaLink: 'All criteria',
  volumeTitle: 'Reports',
  volume: (n, m, k, w) =>
    `Reports: ${n}. Different claims: ${m}. Independent pieces of evidence: ${k}. First-hand witnesses: ${w}. Those who graded saw no number before they had graded.`,
  volumeWithheld: 'The numbers are withheld: nobody counts before the danger is graded.',
  fewerThanFive: 'fewer than five',
  machineTitle: 'Machines',
  machine: 'No machine decided. Software sorted and suggested; people decided.',
  provisional: 'Provisional: it ends by itself within 72 hours unless two other people confirm it.',
  replacedBy: 'Its place was taken by',
  replaces: 'It takes the place of',
  reversed: 'Why it was reversed',
  appealTitle: 'Appeals',
  appeal: {
    none: 'Nobody has appealed.',
    open: 'An appeal is open.',
    upheld: 'Appealed; the decision stands.',
    modified: 'Appealed; the decision is to be narrowed.',
    reversed: 'Appealed and reversed.',
  },
  reviews: 'What it did',
  review: { yes: 'The harm fell.', no: 'The harm did not fall.', unknown: 'Whether the harm fell is not known.' },
  afterDays: (days) => `After ${days} days`,
  notActed: 'Decided not to act',
  notActedTitle: 'We decided not to act',
  notActedLede: 'Deciding not to act is a decision too: it has a reason, and it is looked at again.',
  decidedAt: 'Decided',
  recheck: 'Looked at again',
  about: 'What was reported',
  classes: {
    'threat-to-life': 'Threat to life',
    doxxing: 'Publishing somebody’s address or data',
    swatting: 'False emergency calls',
    stalking: 'Stalking',
    'intimate-images': 'Intimate images without consent',
    'child-abuse': 'Sexual abuse of children',
    harassment: 'Harassment',
    phishing: 'Phishing',
    malware: 'Malware',
    spam: 'Spam',
    attack: 'Attacks on others',
    copyright: 'Copyright',
    other: 'Something else',
  },
  noSite: 'The site is not named, because nothing was restricted.',
};

const german: StatementWords = {
  limbsTitle: 'Was gefragt wurde',
  limbs: {
    'specific-and-targeted': 'Bestimmt und gegen benannte Personen gerichtet',
    'escalating-in-window': 'Zuspitzung innerhalb von 48 Stunden',
    'threat-to-life': 'Gefahr für Menschenleben',
    'nexus-to-site': 'Auf der Website oder über sie organisiert',
    'legal-process-too-slow': 'Der Rechtsweg wurde gesucht und ist zu langsam',
    'stands-without-volume': 'Die Gründe tragen ohne die Zahl der Meldungen',
    'narrower-would-not-do': 'Eine engere Maßnahme genügt nicht',
    'end-and-review': 'Sie hat ein Ende und wird überprüft',
    'appeal-open': 'Einspruch ist möglich',
    'criteria-before-case': 'Die Kriterien waren vor dem Fall veröffentlicht',
  },
  met: 'erfüllt',
  notMet: 'nicht erfüllt',
  whyNotTitle: 'Warum nichts Engeres',
  steps: {
    'owner-notice': 'Den Betreiber bitten',
    'notice-on-path': 'Ein Hinweis auf einem Teil',
    'limit-or-challenge': 'Eine Grenze oder Prüfung',
    'captcha-keys': 'Captcha-Schlüssel aussetzen',
    'provisional-notice-page': 'Ein vorläufiger Hinweis für 72 Stunden',
    'protection-withdrawn': 'Den Schutz entziehen',
    'account-closed': 'Das Konto schließen',
  },
  criteria: 'Kriterien',
  criteriaBefore: 'Veröffentlicht, bevor der Fall eröffnet wurde.',
  criteriaAfter: 'Veröffentlicht, nachdem der Fall eröffnet wurde. Das sollte nicht sein, darum sagen wir es.',
  criteriaLink: 'Alle Kriterien',
  volumeTitle: 'Meldungen',
  volume: (n, m, k, w) =>
    `Meldungen: ${n}. Verschiedene Behauptungen: ${m}. Unabhängige Beweisstücke: ${k}. Zeugen aus erster Hand: ${w}. Wer einstufte, sah vorher keine Zahl.`,
  volumeWithheld: 'Die Zahlen werden zurückgehalten: Niemand zählt, bevor die Gefahr eingestuft ist.',
  fewerThanFive: 'weniger als fünf',
  machineTitle: 'Maschinen',
  machine: 'Keine Maschine hat entschieden. Software ordnete und schlug vor, Menschen entschieden.',
  provisional: 'Vorläufig: Sie endet von selbst binnen 72 Stunden, wenn nicht zwei andere Menschen sie bestätigen.',
  replacedBy: 'An ihre Stelle trat',
  replaces: 'Sie tritt an die Stelle von',
  reversed: 'Warum sie aufgehoben wurde',
  appealTitle: 'Einsprüche',
  appeal: {
    none: 'Niemand hat Einspruch erhoben.',
    open: 'Ein Einspruch läuft.',
    upheld: 'Einspruch erhoben; die Entscheidung bleibt.',
    modified: 'Einspruch erhoben; die Entscheidung soll enger werden.',
    reversed: 'Auf Einspruch aufgehoben.',
  },
  reviews: 'Was sie bewirkte',
  review: {
    yes: 'Der Schaden ging zurück.',
    no: 'Der Schaden ging nicht zurück.',
    unknown: 'Ob der Schaden zurückging, ist nicht bekannt.',
  },
  afterDays: (days) => `Nach ${days} Tagen`,
  notActed: 'Entschieden, nicht zu handeln',
  notActedTitle: 'Wir haben entschieden, nicht zu handeln',
  notActedLede: 'Nicht zu handeln ist auch eine Entscheidung: Sie hat einen Grund und wird noch einmal geprüft.',
  decidedAt: 'Entschieden',
  recheck: 'Wird wieder geprüft',
  about: 'Was gemeldet wurde',
  classes: {
    'threat-to-life': 'Gefahr für ein Leben',
    doxxing: 'Veröffentlichte Adresse oder Daten einer Person',
    swatting: 'Falsche Notrufe',
    stalking: 'Nachstellung',
    'intimate-images': 'Intime Bilder ohne Einwilligung',
    'child-abuse': 'Sexueller Missbrauch von Kindern',
    harassment: 'Belästigung',
    phishing: 'Phishing',
    malware: 'Schadsoftware',
    spam: 'Spam',
    attack: 'Angriffe auf andere',
    copyright: 'Urheberrecht',
    other: 'Etwas anderes',
  },
  noSite: 'Die Website wird nicht genannt, weil nichts eingeschränkt wurde.',
};

const spanish: StatementWords = {
  limbsTitle: 'Qué se preguntó',
  limbs: {
    'specific-and-targeted': 'Concreta y dirigida a personas nombradas',
    'escalating-in-window': 'En escalada en 48 horas',
    'threat-to-life': 'Una amenaza a la vida humana',
    'nexus-to-site': 'En el sitio, u organizada a través de él',
    'legal-process-too-slow': 'Se buscó la vía legal y es demasiado lenta',
    'stands-without-volume': 'Las razones se sostienen sin el número de avisos',
    'narrower-would-not-do': 'Una medida más limitada no bastaría',
    'end-and-review': 'Tiene un final y se revisa',
    'appeal-open': 'Se puede recurrir',
    'criteria-before-case': 'Los criterios se publicaron antes del caso',
  },
  met: 'se cumple',
  notMet: 'no se cumple',
  whyNotTitle: 'Por qué nada más limitado',
  steps: {
    'owner-notice': 'Pedirlo al titular',
    'notice-on-path': 'Un aviso en una parte',
    'limit-or-challenge': 'Un límite o una comprobación',
    'captcha-keys': 'Suspender las claves del captcha',
    'provisional-notice-page': 'Un aviso provisional de 72 horas',
    'protection-withdrawn': 'Retirar la protección',
    'account-closed': 'Cerrar la cuenta',
  },
  criteria: 'Criterios',
  criteriaBefore: 'Publicados antes de abrirse el caso.',
  criteriaAfter: 'Publicados después de abrirse el caso. No debería ser así, por eso lo decimos.',
  criteriaLink: 'Todos los criterios',
  volumeTitle: 'Avisos',
  volume: (n, m, k, w) =>
    `Avisos: ${n}. Afirmaciones distintas: ${m}. Pruebas independientes: ${k}. Testigos directos: ${w}. Quienes valoraron no vieron ningún número antes.`,
  volumeWithheld: 'Los números se reservan: nadie cuenta antes de valorar el peligro.',
  fewerThanFive: 'menos de cinco',
  machineTitle: 'Máquinas',
  machine: 'No decidió ninguna máquina. Los programas ordenaron y sugirieron; decidieron personas.',
  provisional: 'Provisional: termina por sí sola en 72 horas si no la confirman otras dos personas.',
  replacedBy: 'Ocupó su lugar',
  replaces: 'Ocupa el lugar de',
  reversed: 'Por qué se anuló',
  appealTitle: 'Recursos',
  appeal: {
    none: 'Nadie ha recurrido.',
    open: 'Hay un recurso abierto.',
    upheld: 'Recurrida; la decisión se mantiene.',
    modified: 'Recurrida; la decisión se va a limitar.',
    reversed: 'Recurrida y anulada.',
  },
  reviews: 'Qué consiguió',
  review: { yes: 'El daño disminuyó.', no: 'El daño no disminuyó.', unknown: 'No se sabe si el daño disminuyó.' },
  afterDays: (days) => `Tras ${days} días`,
  notActed: 'Se decidió no actuar',
  notActedTitle: 'Decidimos no actuar',
  notActedLede: 'No actuar también es una decisión: tiene una razón y se vuelve a examinar.',
  decidedAt: 'Decidido',
  recheck: 'Se vuelve a examinar',
  about: 'Qué se comunicó',
  classes: {
    'threat-to-life': 'Amenaza a la vida',
    doxxing: 'Publicación de la dirección o los datos de alguien',
    swatting: 'Falsas llamadas de emergencia',
    stalking: 'Acecho',
    'intimate-images': 'Imágenes íntimas sin consentimiento',
    'child-abuse': 'Abuso sexual de menores',
    harassment: 'Acoso',
    phishing: 'Phishing',
    malware: 'Programas maliciosos',
    spam: 'Correo no deseado',
    attack: 'Ataques a otros',
    copyright: 'Derechos de autor',
    other: 'Otra cosa',
  },
  noSite: 'No se nombra el sitio porque no se restringió nada.',
};

const french: StatementWords = {
  limbsTitle: 'Ce qui a été demandé',
  limbs: {
    'specific-and-targeted': 'Précise et visant des personnes nommées',
    'escalating-in-window': 'En escalade en 48 heures',
    'threat-to-life': 'Une menace pour la vie humaine',
    'nexus-to-site': 'Sur le site, ou organisée par lui',
    'legal-process-too-slow': 'La voie légale a été cherchée et est trop lente',
    'stands-without-volume': 'Les raisons tiennent sans le nombre de signalements',
    'narrower-would-not-do': 'Une mesure plus étroite ne suffirait pas',
    'end-and-review': 'Elle a une fin et est réexaminée',
    'appeal-open': 'Un recours est possible',
    'criteria-before-case': 'Les critères ont été publiés avant l’affaire',
  },
  met: 'rempli',
  notMet: 'non rempli',
  whyNotTitle: 'Pourquoi rien de plus étroit',
  steps: {
    'owner-notice': 'Demander au propriétaire',
    'notice-on-path': 'Un avis sur une partie',
    'limit-or-challenge': 'Une limite ou une vérification',
    'captcha-keys': 'Suspendre les clés captcha',
    'provisional-notice-page': 'Un avis provisoire de 72 heures',
    'protection-withdrawn': 'Retirer la protection',
    'account-closed': 'Fermer le compte',
  },
  criteria: 'Critères',
  criteriaBefore: 'Publiés avant l’ouverture de l’affaire.',
  criteriaAfter: 'Publiés après l’ouverture de l’affaire. Cela ne devrait pas être, donc nous le disons.',
  criteriaLink: 'Tous les critères',
  volumeTitle: 'Signalements',
  volume: (n, m, k, w) =>
    `Signalements : ${n}. Affirmations différentes : ${m}. Preuves indépendantes : ${k}. Témoins directs : ${w}. Ceux qui ont évalué n’ont vu aucun nombre avant.`,
  volumeWithheld: 'Les nombres sont retenus : personne ne compte avant que le danger soit évalué.',
  fewerThanFive: 'moins de cinq',
  machineTitle: 'Machines',
  machine: 'Aucune machine n’a décidé. Des logiciels ont trié et suggéré ; des personnes ont décidé.',
  provisional: 'Provisoire : elle prend fin d’elle-même en 72 heures si deux autres personnes ne la confirment pas.',
  replacedBy: 'Sa place a été prise par',
  replaces: 'Elle prend la place de',
  reversed: 'Pourquoi elle a été annulée',
  appealTitle: 'Recours',
  appeal: {
    none: 'Personne n’a formé de recours.',
    open: 'Un recours est ouvert.',
    upheld: 'Recours formé ; la décision est maintenue.',
    modified: 'Recours formé ; la décision doit être réduite.',
    reversed: 'Annulée sur recours.',
  },
  reviews: 'Ce qu’elle a produit',
  review: { yes: 'Le dommage a diminué.', no: 'Le dommage n’a pas diminué.', unknown: 'On ne sait pas si le dommage a diminué.' },
  afterDays: (days) => `Après ${days} jours`,
  notActed: 'Décidé de ne pas agir',
  notActedTitle: 'Nous avons décidé de ne pas agir',
  notActedLede: 'Ne pas agir est aussi une décision : elle a une raison et est réexaminée.',
  decidedAt: 'Décidé',
  recheck: 'Réexaminé',
  about: 'Ce qui a été signalé',
  classes: {
    'threat-to-life': 'Menace pour la vie',
    doxxing: 'Publication de l’adresse ou des données de quelqu’un',
    swatting: 'Faux appels d’urgence',
    stalking: 'Traque',
    'intimate-images': 'Images intimes sans consentement',
    'child-abuse': 'Abus sexuels sur enfants',
    harassment: 'Harcèlement',
    phishing: 'Hameçonnage',
    malware: 'Logiciels malveillants',
    spam: 'Courrier indésirable',
    attack: 'Attaques contre autrui',
    copyright: 'Droit d’auteur',
    other: 'Autre chose',
  },
  noSite: 'Le site n’est pas nommé, car rien n’a été restreint.',
};

const arabic: StatementWords = {
  limbsTitle: 'ما سُئل عنه',
  limbs: {
    'specific-and-targeted': 'محدد وموجّه إلى أشخاص مسمّين',
    'escalating-in-window': 'يتصاعد خلال 48 ساعة',
    'threat-to-life': 'تهديد لحياة إنسان',
    'nexus-to-site': 'على الموقع أو نُظّم من خلاله',
    'legal-process-too-slow': 'سُلك الطريق القانوني وهو أبطأ مما يلزم',
    'stands-without-volume': 'الأسباب قائمة دون عدد البلاغات',
    'narrower-would-not-do': 'لا يكفي إجراء أضيق',
    'end-and-review': 'له نهاية ويُراجَع',
    'appeal-open': 'يمكن الاعتراض عليه',
    'criteria-before-case': 'نُشرت المعايير قبل القضية',
  },
  met: 'متحقق',
  notMet: 'غير متحقق',
  whyNotTitle: 'لماذا لا شيء أضيق',
  steps: {
    'owner-notice': 'مطالبة المالك',
    'notice-on-path': 'إشعار على جزء',
    'limit-or-challenge': 'حد أو تحقق',
    'captcha-keys': 'تعليق مفاتيح الكابتشا',
    'provisional-notice-page': 'إشعار مؤقت مدته 72 ساعة',
    'protection-withdrawn': 'سحب الحماية',
    'account-closed': 'إغلاق الحساب',
  },
  criteria: 'المعايير',
  criteriaBefore: 'نُشرت قبل فتح القضية.',
  criteriaAfter: 'نُشرت بعد فتح القضية. ما كان ينبغي ذلك، ولهذا نقوله.',
  criteriaLink: 'كل المعايير',
  volumeTitle: 'البلاغات',
  volume: (n, m, k, w) =>
    `البلاغات: ${n}. الادعاءات المختلفة: ${m}. الأدلة المستقلة: ${k}. الشهود المباشرون: ${w}. لم يرَ من قيّموا أي عدد قبل التقييم.`,
  volumeWithheld: 'الأعداد محجوبة: لا أحد يعدّ قبل تقييم الخطر.',
  fewerThanFive: 'أقل من خمسة',
  machineTitle: 'الآلات',
  machine: 'لم تقرر أي آلة. البرامج رتّبت واقترحت، والناس قرروا.',
  provisional: 'مؤقت: ينتهي من تلقاء نفسه خلال 72 ساعة ما لم يؤكده شخصان آخران.',
  replacedBy: 'حلّ محله',
  replaces: 'يحلّ محل',
  reversed: 'لماذا أُلغي',
  appealTitle: 'الاعتراضات',
  appeal: {
    none: 'لم يعترض أحد.',
    open: 'هناك اعتراض مفتوح.',
    upheld: 'اعتُرض عليه وبقي القرار.',
    modified: 'اعتُرض عليه وسيُضيَّق القرار.',
    reversed: 'اعتُرض عليه وأُلغي.',
  },
  reviews: 'ما أحدثه',
  review: { yes: 'انخفض الضرر.', no: 'لم ينخفض الضرر.', unknown: 'لا يُعرف هل انخفض الضرر.' },
  afterDays: (days) => `بعد ${days} يومًا`,
  notActed: 'تقرر عدم التصرف',
  notActedTitle: 'قررنا عدم التصرف',
  notActedLede: 'عدم التصرف قرار أيضًا: له سبب، ويُنظر فيه مرة أخرى.',
  decidedAt: 'تقرر',
  recheck: 'يُنظر فيه مرة أخرى',
  about: 'ما بُلّغ عنه',
  classes: {
    'threat-to-life': 'تهديد للحياة',
    doxxing: 'نشر عنوان شخص أو بياناته',
    swatting: 'بلاغات طوارئ كاذبة',
    stalking: 'ملاحقة',
    'intimate-images': 'صور حميمة دون موافقة',
    'child-abuse': 'اعتداء جنسي على الأطفال',
    harassment: 'مضايقة',
    phishing: 'تصيّد',
    malware: 'برمجيات خبيثة',
    spam: 'رسائل مزعجة',
    attack: 'هجمات على آخرين',
    copyright: 'حقوق المؤلف',
    other: 'شيء آخر',
  },
  noSite: 'لا يُذكر الموقع لأن شيئًا لم يُقيَّد.',
};

const catalogues: Readonly<Record<string, StatementWords>> = { ar: arabic, de: german, en: english, es: spanish, fr: french };

/** The words in a language of the public pages. */
export function statementWordsFor(language: string): StatementWords {
  return catalogues[language] ?? english;
}

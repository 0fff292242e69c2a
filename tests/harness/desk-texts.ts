/**
 * Invented reports: a campaign's texts with slots of synonyms, and accounts of different people, in English, German and Spanish. Mild placeholders only.
 */

/** A template: strings stay, a list is a slot with its synonyms. */
export type Template = readonly (string | readonly string[])[];

export const campaigns: Readonly<Record<'en' | 'de' | 'es', Template>> = {
  en: [
    ['I am writing', 'I write', 'I am getting in touch'],
    'to',
    ['demand', 'ask', 'urge'],
    'that you',
    ['stop protecting', 'drop', 'remove your shield from', 'cut off'],
    ['this awful site', 'this forum', 'the platform', 'this terrible place'],
    'at once. It is',
    ['known', 'famous', 'notorious'],
    'for the',
    ['harassment', 'abuse', 'bullying', 'cruelty'],
    'of',
    ['people', 'users', 'individuals'],
    'who have done nothing',
    ['wrong', 'bad', 'to deserve it'],
    ', and you are',
    ['paid', 'rewarded', 'compensated'],
    'to keep it',
    ['running', 'online', 'alive', 'available'],
    '. As a',
    ['customer', 'reader', 'member of the public', 'user'],
    'I will not be',
    ['silent', 'quiet', 'calm'],
    'while this goes on, and neither will the',
    ['thousands', 'hundreds', 'many'],
    'of others who are',
    ['watching', 'looking at', 'following'],
    'what you do.',
  ],
  de: [
    ['Hiermit', 'Mit diesem Schreiben', 'Heute'],
    'fordere ich Sie auf, den',
    ['Schutz', 'Schirm', 'Dienst'],
    'für',
    ['dieses Forum', 'diese Seite', 'diese Plattform'],
    'sofort',
    ['einzustellen', 'zu beenden', 'abzuschalten'],
    '. Es ist',
    ['bekannt', 'berüchtigt', 'offenkundig'],
    ', dass dort',
    ['Menschen', 'Leute', 'Unbeteiligte'],
    'ohne Grund',
    ['verfolgt', 'gequält', 'beleidigt', 'gedemütigt'],
    'werden, und Sie verdienen an dem',
    ['Betrieb', 'Geschäft', 'Verkehr'],
    '. Ich werde mit vielen anderen nicht',
    ['ruhen', 'schweigen', 'aufhören'],
    ', bis Sie die',
    ['Verantwortung', 'Pflicht', 'Schuld'],
    'für das, was unter Ihrem',
    ['Namen', 'Dach', 'Schutz'],
    'geschieht, auch wirklich',
    ['übernehmen', 'anerkennen', 'tragen'],
    '.',
  ],
  es: [
    ['Exijo', 'Solicito', 'Pido'],
    'que dejen de',
    ['proteger', 'cubrir', 'amparar'],
    'a',
    ['este foro', 'esta página', 'este sitio'],
    'de una vez. Es',
    ['conocido', 'notorio', 'sabido'],
    'por el',
    ['acoso', 'maltrato', 'abuso'],
    'de',
    ['personas', 'usuarios', 'gente'],
    'que no han hecho',
    ['nada', 'daño', 'mal alguno'],
    ', y ustedes',
    ['cobran', 'ganan', 'reciben dinero'],
    'por que siga en',
    ['marcha', 'línea', 'pie'],
    '. Yo y los',
    ['miles', 'cientos', 'muchos'],
    'de',
    ['clientes', 'lectores', 'vecinos'],
    'que lo miran con',
    ['vergüenza', 'rabia', 'tristeza'],
    'no vamos a quedarnos en',
    ['silencio', 'casa', 'calma'],
    'hasta que se',
    ['haga', 'cumpla', 'resuelva'],
    'lo que es de justicia.',
  ],
};

/** One text of a template; `pick(n)` chooses one of n. */
export function fill(template: Template, pick: (count: number) => number): string {
  return template
    .map((part) => (typeof part === 'string' ? part : (part[pick(part.length)] ?? '')))
    .join(' ')
    .replaceAll(/ ([.,])/g, '$1');
}

/** Numbers from a seed, the same each time: a linear congruential generator. */
export function picker(seed: number): (count: number) => number {
  let state = seed >>> 0;
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

/** Six people, six claims, in each language. They write of one site and of what was done to them there. */
export const accounts: Readonly<Record<'en' | 'de' | 'es', readonly string[]>> = {
  en: [
    'On Tuesday somebody put a photograph of my front door in this thread and wrote [threat naming a place and time] under it. I live there with my two children and I have not slept at home since then.',
    'My sister is the person they talk about on page four. They found out where she works and three of them have called her manager. One of them says that he will wait for her [threat naming a place and time].',
    'I run a small shelter. A member with the name [nickname] published our phone numbers and the names of two volunteers, and asked others to "pay us a visit". We have saved the pages before they could be changed.',
    'Last night the police came to my flat because a caller had told them that I was armed. The call was planned here, you can read it in the thread, the script is in the second post and the number of our station in the third.',
    'I am a teacher and not the one they are after, we only share a surname. Since Friday I get messages with my address in them, and yesterday a stranger photographed my car. The posts with my data are linked below.',
    'They have started a countdown for my son. It ends on Saturday at noon [threat naming a place and time] and a user offers money to whoever films it. I know this from a friend who can read the closed part of the forum.',
  ],
  de: [
    'Am Dienstag hat jemand ein Foto meiner Haustür in diesen Faden gestellt und darunter [Drohung mit Ort und Zeit] geschrieben. Ich wohne dort mit zwei Kindern und schlafe seither bei einer Freundin.',
    'Meine Schwester ist die Frau, um die es auf Seite vier geht. Man hat ihren Arbeitsplatz gefunden und dreimal ihren Chef angerufen. Einer kündigt an, dass er auf sie wartet [Drohung mit Ort und Zeit].',
    'Ich leite eine kleine Notunterkunft. Ein Mitglied namens [Spitzname] hat unsere Nummern und die Namen zweier Ehrenamtlicher veröffentlicht und andere zu einem „Besuch“ aufgefordert. Die Seiten haben wir gesichert.',
    'Gestern Nacht stand die Polizei vor meiner Wohnung, weil ein Anrufer behauptet hatte, ich sei bewaffnet. Geplant wurde der Anruf hier: Das Skript steht im zweiten Beitrag, die Nummer unserer Wache im dritten.',
    'Ich bin Lehrer und gar nicht gemeint, wir teilen nur den Nachnamen. Seit Freitag bekomme ich Nachrichten mit meiner Anschrift, und gestern hat ein Fremder mein Auto fotografiert. Die Beiträge sind unten verlinkt.',
    'Für meinen Sohn läuft ein Countdown. Er endet am Samstag um zwölf [Drohung mit Ort und Zeit], und ein Nutzer bietet Geld für ein Video davon. Das weiß ich von einem Bekannten, der den geschlossenen Bereich lesen kann.',
  ],
  es: [
    'El martes alguien puso una fotografía de mi puerta en este hilo y escribió debajo [amenaza con lugar y hora]. Vivo allí con mis dos hijos y desde entonces no hemos vuelto a dormir en casa.',
    'Mi hermana es la persona de la que hablan en la página cuatro. Averiguaron dónde trabaja y tres de ellos llamaron a su jefe. Uno dice que la va a esperar [amenaza con lugar y hora].',
    'Dirijo un pequeño refugio. Un miembro que se llama [apodo] publicó nuestros teléfonos y los nombres de dos voluntarias y pidió a otros que nos hicieran “una visita”. Guardamos las páginas antes de que las cambiaran.',
    'Anoche vino la policía a mi piso porque una llamada decía que yo estaba armado. La llamada se planeó aquí: el guion está en el segundo mensaje y el número de nuestra comisaría en el tercero.',
    'Soy profesor y no soy a quien buscan, solo tenemos el mismo apellido. Desde el viernes recibo mensajes con mi dirección y ayer un desconocido fotografió mi coche. Los mensajes con mis datos están enlazados abajo.',
    'Han empezado una cuenta atrás para mi hijo. Termina el sábado a mediodía [amenaza con lugar y hora] y un usuario ofrece dinero a quien lo grabe. Lo sé por un amigo que puede leer la parte cerrada del foro.',
  ],
};

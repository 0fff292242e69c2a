/** German. */
import type { PageWords } from '../words.ts';

export const german: PageWords = {
  language: 'de',
  direction: 'ltr',
  reference: 'Kennung',
  servedBy: (provider) => `Diese Seite kommt von ${provider}, das Websites schützt, und nicht von der Website selbst.`,
  help: 'Hilfe',
  standing: {
    unknown: {
      title: 'Hier gibt es keine solche Website',
      lines: [
        'Wir schützen keine Website mit diesem Namen. Mit Ihrem Gerät ist alles in Ordnung.',
        'Wenn Sie die Adresse eingegeben haben, prüfen Sie sie. Ist es Ihre Website, tragen Sie ihren Namen bei uns ein.',
      ],
    },
    ambiguous: {
      title: 'Diese Adresse lässt sich auf zwei Arten lesen',
      lines: [
        'Der Pfad Ihrer Anfrage enthält Zeichen, die Programme verschieden lesen. Deshalb haben wir sie nicht weitergegeben.',
        'Folgen Sie einem Link von der Startseite. Ein Browser schickt eine solche Adresse nie von selbst.',
      ],
    },
    deny: {
      title: 'Diese Website nimmt Ihr Netz nicht an',
      lines: [
        'Der Betreiber der Website hat sie für das Netz geschlossen, das Sie benutzen. Das ist seine Einstellung, keine Entscheidung von uns.',
        'Versuchen Sie es aus einem anderen Netz, oder fragen Sie den Betreiber auf anderem Weg.',
      ],
    },
    limit: {
      title: 'Zu viele Anfragen',
      lines: [
        'Von Ihrer Adresse kamen mehr Anfragen, als diese Website in zehn Sekunden zulässt.',
        'Warten Sie ein wenig und laden Sie die Seite neu. Was Sie vorher gesendet haben, ist nicht verloren.',
      ],
    },
    busy: {
      title: 'Diese Website ist stark ausgelastet',
      lines: [
        'Es warten mehr Menschen, als die Website gleichzeitig bedienen kann. Das liegt nicht an Ihnen.',
        'Laden Sie die Seite in ein paar Sekunden neu.',
      ],
    },
    'form-send': {
      title: 'Ihre Sendung liegt bereit',
      lines: [
        'Sie haben die Prüfung bestanden. Was Sie senden wollten, liegt hier versiegelt; der Knopf schickt es weiter, einmal.',
      ],
    },
    'form-used': {
      title: 'Das wurde schon gesendet',
      lines: ['Was Sie senden wollten, ging einmal an die Website und wird nicht ein zweites Mal gesendet. Nichts ist verloren.'],
    },
    'form-gone': {
      title: 'Ihre Sendung ist nicht mehr hier',
      lines: [
        'Sie wird fünfzehn Minuten aufbewahrt, und nur der Browser, der sie geschickt hat, kann sie öffnen. An die Website ging nichts davon. Vielleicht hat der Zurück-Knopf Ihres Browsers sie noch.',
      ],
    },
    'form-again': {
      title: 'Es konnte gerade nicht gesendet werden',
      lines: [
        'Der Server der Website war nicht zu erreichen oder bat um eine Pause. Nichts ging hinaus, und Ihre Sendung ist noch aufbewahrt. Versuchen Sie es gleich noch einmal.',
      ],
    },
    'form-unsure': {
      title: 'Wir wissen nicht, ob es angekommen ist',
      lines: [
        'Ihre Sendung ging hinaus, aber es kam keine Antwort. Wir senden sie nicht ein zweites Mal: Sehen Sie auf der Website nach, ehe Sie es tun.',
      ],
    },
    'no-key': {
      title: 'Wir können Besucher gerade nicht prüfen',
      lines: [
        'Das ist ein Fehler von uns: Die Website verlangt eine Prüfung, die wir gerade nicht ausführen können, und so lassen wir niemanden ungeprüft ein.',
        'Laden Sie die Seite in einer Minute neu.',
      ],
    },
    'not-ours': { title: 'Hier ist nichts', lines: ['Unter den Seiten, die wir selbst ausliefern, gibt es keine solche.'] },
    'origin-bad': {
      title: 'Die Website hat eine kaputte Antwort gegeben',
      lines: [
        'Wir haben den Server der Website erreicht, aber seine Antwort brach ab oder ergab keinen Sinn. Der Fehler liegt dort, nicht bei Ihnen.',
        'Versuchen Sie es in einer Minute wieder.',
      ],
    },
    'origin-down': {
      title: 'Der Server der Website antwortet nicht',
      lines: [
        'Wir sind da, aber der Server hinter dieser Website hat die Verbindung abgelehnt. Der Fehler liegt dort, nicht bei Ihnen.',
        'Versuchen Sie es in ein paar Minuten wieder.',
      ],
    },
    'origin-slow': {
      title: 'Der Server der Website hat zu lange gebraucht',
      lines: [
        'Wir haben Ihre Anfrage weitergegeben, aber es kam nicht rechtzeitig eine Antwort. Was Sie gesendet haben, kann angekommen sein oder nicht: Sehen Sie nach, bevor Sie es noch einmal senden.',
      ],
    },
    malformed: {
      title: 'Das war keine gültige Anfrage',
      lines: ['Was Ihr Programm gesendet hat, entspricht nicht HTTP. Deshalb haben wir es nicht weitergegeben.'],
    },
    timeout: {
      title: 'Ihre Anfrage ist nicht rechtzeitig angekommen',
      lines: ['Die Verbindung war zu langsam oder brach ab. Es wurde nichts weitergegeben. Senden Sie die Anfrage noch einmal.'],
    },
    'rule-deny': {
      title: 'Diese Website nimmt diese Anfrage nicht an',
      lines: [
        'Eine Regel des Betreibers der Website lehnt Anfragen wie Ihre ab. Das ist seine Einstellung, keine Entscheidung von uns.',
        'Wenn Sie das für einen Irrtum halten, nennen Sie dem Betreiber die Kennung unten.',
      ],
    },
    gate: {
      title: 'Hier wird ein Passwort gebraucht',
      lines: [
        'Der Betreiber der Website öffnet diesen Teil für alle, die sein Passwort kennen. Der Benutzername ist beliebig.',
        'Fragen Sie den Betreiber danach. Wir können es Ihnen nicht sagen.',
      ],
    },
    maintenance: {
      title: 'Diese Website ist eine Weile geschlossen',
      lines: ['Der Betreiber arbeitet an ihr. Kommen Sie später wieder; mit Ihrem Gerät ist alles in Ordnung.'],
    },
  },
  kept: {
    kept: 'Was Sie senden wollten, ist für fünfzehn Minuten versiegelt aufbewahrt. Nach der Prüfung wird es von selbst weitergeschickt.',
    long: 'Was Sie senden wollten, ist zu groß, um es während der Prüfung aufzubewahren. Behalten Sie eine Kopie, oder gehen Sie jetzt zurück: Der Zurück-Knopf Ihres Browsers hat es.',
    unkept:
      'Was Sie senden wollten, wurde nicht aufbewahrt und hat die Website nicht erreicht. Der Zurück-Knopf Ihres Browsers hat es; nach der Prüfung kann es noch einmal gesendet werden.',
    send: 'Jetzt senden',
  },
  challenge: {
    title: 'Eine kurze Prüfung, bevor es weitergeht',
    what: (provider) =>
      `${provider} schützt diese Website. Sie wird gerade angegriffen, deshalb löst jeder Browser zuerst eine kleine Rechenaufgabe.`,
    why: 'Sie müssen nichts tun. Es dauert ein paar Sekunden, dann sehen Sie die Seite, die Sie wollten.',
    privacy: 'Es wird ein Cookie gesetzt, das sagt, dass dieser Browser geprüft ist. Sonst erfährt es niemand.',
    working: 'Prüfung läuft…',
    half: 'Mehr als die Hälfte ist geschafft.',
    done: 'Fertig. Die Seite wird geöffnet.',
    failed: 'Die Prüfung hat diesmal nicht geklappt. Laden Sie die Seite neu, oder nehmen Sie die Warteschlange.',
    slow: 'Das dauert auf Ihrem Gerät länger, als es sollte. Es läuft weiter, oder Sie nehmen die Warteschlange.',
    cookies:
      'Ihr Browser behält unser Cookie nicht. Wir könnten nicht erkennen, dass Sie geprüft sind, und würden immer wieder fragen. Erlauben Sie Cookies für diese Website und laden Sie die Seite neu.',
    form: 'Sie wollten ein Formular senden. Nach der Prüfung können Sie es noch einmal senden, und nichts ist verloren.',
    formDone: 'Fertig. Drücken Sie den Knopf und lassen Sie Ihren Browser das Formular noch einmal senden.',
    again: 'Weiter',
    noScript: 'Die Rechenaufgabe braucht JavaScript, das in Ihrem Browser aus ist. Die Warteschlange braucht es nicht.',
    door: 'Lieber nicht? Sie können stattdessen warten: etwa zwölf Sekunden, ohne Rechnen, ohne JavaScript.',
    doorLink: 'In der Schlange warten',
    frame: 'Diese Seite wird innerhalb einer anderen Website gezeigt. Dort behalten Browser keine Cookies von uns.',
    frameLink: 'In einem eigenen Fenster öffnen',
  },
  wait: {
    title: 'Warteschlange: Schritt {hop} von 3',
    what: 'Diese Seite geht in {seconds} Sekunden von selbst weiter. Wenn nicht, folgen Sie dann dem Link.',
    next: 'Nächster Schritt',
    nothing:
      'Sonst müssen Sie nichts tun. Sind Sie zu früh, behalten Sie Ihren Platz; sind Sie zu spät, beginnt die Schlange von vorn.',
    fullTitle: 'Die Warteschlange ist gerade voll',
    full: 'Viele Menschen aus Ihrem Netz warten. Diese Seite versucht es in zehn Sekunden von selbst wieder. Das liegt nicht an Ihnen, und nichts ist gesperrt.',
    fullLink: 'Noch einmal versuchen',
    cookiesTitle: 'Ihr Browser behält unser Cookie nicht',
    cookies: [
      'Wir könnten nicht erkennen, dass Sie gewartet haben, und würden immer wieder fragen. Deshalb hören wir hier auf; Sie sind nicht gesperrt.',
      'Erlauben Sie Cookies für diese Website und beginnen Sie neu. Das einzige, das wir setzen, sagt, dass dieser Browser geprüft ist.',
    ],
    cookiesLink: 'Neu beginnen',
    newWindow: 'Wird diese Seite innerhalb einer anderen Website gezeigt: in einem eigenen Fenster öffnen',
    usedTitle: 'Sie sind schon durch',
    used: 'Dieser Platz in der Schlange ist verbraucht. Ihr Browser sollte seinen Einlass haben.',
    onward: 'Weiter zur Seite',
    anew: 'Noch einmal in der Schlange warten',
  },
  noticeTitle: 'Der Zugang ist entzogen',
  noticeLanguage: 'Die Entscheidung ist auf Englisch.',
};

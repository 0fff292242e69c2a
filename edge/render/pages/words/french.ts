/** French. */
import type { PageWords } from '../words.ts';

export const french: PageWords = {
  language: 'fr',
  direction: 'ltr',
  reference: 'Référence',
  servedBy: (provider) => `Cette page vient de ${provider}, qui protège des sites, et non du site lui-même.`,
  help: 'Aide',
  standing: {
    unknown: {
      title: 'Il n’y a pas de tel site ici',
      lines: [
        'Nous ne protégeons aucun site de ce nom. Votre appareil n’y est pour rien.',
        'Si vous avez saisi l’adresse, vérifiez-la. Si ce site est le vôtre, ajoutez son nom dans vos réglages chez nous.',
      ],
    },
    ambiguous: {
      title: 'Cette adresse peut se lire de deux façons',
      lines: [
        'Le chemin de votre requête contient des caractères que les programmes lisent différemment ; nous ne l’avons donc pas transmise.',
        'Suivez plutôt un lien depuis la page d’accueil. Un navigateur n’envoie jamais de lui-même une telle adresse.',
      ],
    },
    deny: {
      title: 'Ce site n’accepte pas votre réseau',
      lines: [
        'Le propriétaire du site l’a fermé au réseau que vous utilisez. C’est son réglage, pas une décision de notre part.',
        'Essayez un autre réseau, ou demandez au propriétaire par une autre voie.',
      ],
    },
    limit: {
      title: 'Trop de requêtes',
      lines: [
        'Votre adresse a envoyé plus de requêtes que ce site n’en permet en dix secondes.',
        'Attendez un peu et rechargez la page. Rien de ce que vous avez envoyé avant n’est perdu.',
      ],
    },
    busy: {
      title: 'Ce site est très occupé',
      lines: [
        'Plus de personnes attendent que le site ne peut en servir à la fois. Vous n’y êtes pour rien.',
        'Rechargez la page dans quelques secondes.',
      ],
    },
    'form-send': {
      title: 'Votre envoi est prêt',
      lines: [
        'Vous avez passé la vérification. Ce que vous envoyiez est gardé ici, scellé ; le bouton le transmet, une seule fois.',
      ],
    },
    'form-used': {
      title: 'C’est déjà envoyé',
      lines: ['Ce que vous envoyiez a été transmis une fois au site et ne l’est pas une seconde fois. Rien n’est perdu.'],
    },
    'form-gone': {
      title: 'Votre envoi n’est plus ici',
      lines: [
        'Il est gardé quinze minutes, et seul le navigateur qui l’a envoyé peut l’ouvrir. Rien n’en est parvenu au site. Le bouton Précédent de votre navigateur l’a peut-être encore.',
      ],
    },
    'form-again': {
      title: 'L’envoi n’a pas pu se faire',
      lines: [
        'Le serveur du site était injoignable ou demandait une pause. Rien n’est parti, et votre envoi est toujours gardé. Réessayez dans un instant.',
      ],
    },
    'form-unsure': {
      title: 'Nous ne savons pas si c’est arrivé',
      lines: [
        'Votre envoi est parti, mais aucune réponse n’est venue. Nous ne l’envoyons pas une seconde fois : regardez sur le site avant de recommencer.',
      ],
    },
    'no-key': {
      title: 'Nous ne pouvons pas vérifier les visiteurs en ce moment',
      lines: [
        'C’est une panne chez nous : le site demande une vérification que nous ne pouvons pas faire, et nous ne laissons donc entrer personne sans elle.',
        'Rechargez la page dans une minute.',
      ],
    },
    'not-ours': { title: 'Rien ici', lines: ['Il n’y a pas de telle page parmi celles que nous servons nous-mêmes.'] },
    'origin-bad': {
      title: 'Le site a donné une réponse défectueuse',
      lines: [
        'Nous avons atteint le serveur du site, mais sa réponse a été coupée ou n’avait pas de sens. La faute est là-bas, pas chez vous.',
        'Réessayez dans une minute.',
      ],
    },
    'origin-down': {
      title: 'Le serveur du site ne répond pas',
      lines: [
        'Nous sommes là, mais le serveur de ce site a refusé la connexion. La faute est là-bas, pas chez vous.',
        'Réessayez dans quelques minutes.',
      ],
    },
    'origin-slow': {
      title: 'Le serveur du site a mis trop de temps',
      lines: [
        'Nous avons transmis votre requête, mais aucune réponse n’est venue à temps. Ce que vous avez envoyé est peut-être arrivé : regardez avant de l’envoyer de nouveau.',
      ],
    },
    malformed: {
      title: 'Ce n’était pas une requête valable',
      lines: ['Ce que votre programme a envoyé ne suit pas HTTP ; nous ne l’avons donc pas transmis.'],
    },
    timeout: {
      title: 'Votre requête n’est pas arrivée à temps',
      lines: ['La connexion était trop lente ou s’est coupée. Rien n’a été transmis. Envoyez-la de nouveau.'],
    },
    'rule-deny': {
      title: 'Ce site n’accepte pas cette requête',
      lines: [
        'Une règle du propriétaire du site refuse les requêtes comme la vôtre. C’est son réglage, pas une décision de notre part.',
        'Si vous pensez que c’est une erreur, donnez au propriétaire la référence ci-dessous.',
      ],
    },
    gate: {
      title: 'Il faut un mot de passe ici',
      lines: [
        'Le propriétaire du site ouvre cette partie à qui connaît son mot de passe. N’importe quel nom d’utilisateur convient.',
        'Demandez-le au propriétaire. Nous ne pouvons pas vous le dire.',
      ],
    },
    maintenance: {
      title: 'Ce site est fermé pour un moment',
      lines: ['Son propriétaire y travaille. Revenez plus tard ; votre appareil n’y est pour rien.'],
    },
  },
  kept: {
    kept: 'Ce que vous envoyiez est gardé, scellé, pendant quinze minutes. Après la vérification, il est transmis de lui-même.',
    long: 'Ce que vous envoyiez est trop grand pour être gardé pendant la vérification. Gardez-en une copie, ou revenez maintenant : le bouton Précédent de votre navigateur l’a encore.',
    unkept:
      'Ce que vous envoyiez n’a pas été gardé et n’est pas parvenu au site. Le bouton Précédent de votre navigateur l’a encore ; après la vérification, vous pourrez l’envoyer de nouveau.',
    send: 'Envoyer maintenant',
  },
  challenge: {
    title: 'Une courte vérification avant d’entrer',
    what: (provider) =>
      `${provider} protège ce site. Il est attaqué en ce moment ; chaque navigateur fait donc d’abord un petit calcul.`,
    why: 'Vous n’avez rien à faire. Cela prend quelques secondes, puis vous verrez la page demandée.',
    privacy: 'Un seul cookie est posé, qui dit que ce navigateur a passé la vérification ; personne d’autre ne l’apprend.',
    working: 'Vérification…',
    half: 'Plus de la moitié est faite.',
    done: 'C’est fait. La page s’ouvre.',
    failed: 'La vérification n’a pas marché cette fois. Rechargez la page, ou prenez la file d’attente.',
    slow: 'Cela dure plus longtemps qu’il ne faudrait sur votre appareil. Le calcul continue, ou vous pouvez prendre la file d’attente.',
    cookies:
      'Votre navigateur ne garde pas notre cookie. Nous ne pourrions pas savoir que vous avez passé la vérification et demanderions sans fin. Autorisez les cookies pour ce site, puis rechargez la page.',
    form: 'Vous envoyiez un formulaire. Après la vérification vous pourrez l’envoyer de nouveau, et rien n’est perdu.',
    formDone: 'C’est fait. Appuyez sur le bouton et laissez votre navigateur envoyer le formulaire encore une fois.',
    again: 'Continuer',
    noScript: 'Le calcul a besoin de JavaScript, qui est désactivé dans votre navigateur. La file d’attente s’en passe.',
    door: 'Plutôt pas ? Vous pouvez attendre : une douzaine de secondes, sans calcul ni JavaScript.',
    doorLink: 'Attendre dans la file',
    frame: 'Cette page est montrée dans un autre site, où les navigateurs ne gardent pas nos cookies.',
    frameLink: 'L’ouvrir dans sa propre fenêtre',
  },
  wait: {
    title: 'File d’attente : étape {hop} sur 3',
    what: 'Cette page avance d’elle-même dans {seconds} secondes. Sinon, suivez alors le lien.',
    next: 'Étape suivante',
    nothing: 'Vous n’avez rien d’autre à faire. En avance, vous gardez votre place ; en retard, la file recommence.',
    fullTitle: 'La file d’attente est pleine pour un moment',
    full: 'Beaucoup de personnes de votre réseau attendent. Cette page réessaie d’elle-même dans dix secondes. Vous n’y êtes pour rien, et rien n’est bloqué.',
    fullLink: 'Réessayer',
    cookiesTitle: 'Votre navigateur ne garde pas notre cookie',
    cookies: [
      'Nous ne pourrions pas savoir que vous avez attendu et demanderions sans fin. Nous nous arrêtons donc ici ; vous n’êtes pas bloqué.',
      'Autorisez les cookies pour ce site, puis recommencez. Le seul que nous posons dit que ce navigateur a passé la vérification.',
    ],
    cookiesLink: 'Recommencer',
    newWindow: 'Si cette page est montrée dans un autre site : l’ouvrir dans sa propre fenêtre',
    usedTitle: 'Vous êtes déjà passé',
    used: 'Cette place dans la file a été utilisée. Votre navigateur devrait avoir son laissez-passer.',
    onward: 'Continuer vers la page',
    anew: 'Attendre encore dans la file',
  },
  noticeTitle: 'L’accès est retiré',
  noticeLanguage: 'La décision est en anglais.',
};

/** Spanish. */
import type { PageWords } from '../words.ts';

export const spanish: PageWords = {
  language: 'es',
  direction: 'ltr',
  reference: 'Referencia',
  servedBy: (provider) => `Esta página viene de ${provider}, que protege sitios, y no del propio sitio.`,
  help: 'Ayuda',
  standing: {
    unknown: {
      title: 'Aquí no hay tal sitio',
      lines: [
        'No protegemos ningún sitio con este nombre. Su dispositivo está bien.',
        'Si escribió la dirección, compruébela. Si el sitio es suyo, añada su nombre en su cuenta con nosotros.',
      ],
    },
    ambiguous: {
      title: 'Esta dirección puede leerse de dos maneras',
      lines: [
        'La ruta de su petición contiene caracteres que distintos programas leen de distinta manera, así que no la hemos entregado.',
        'Siga un enlace desde la portada del sitio. Un navegador nunca envía por sí mismo una dirección así.',
      ],
    },
    deny: {
      title: 'Este sitio no acepta su red',
      lines: [
        'El dueño del sitio lo cerró a la red que usted usa. Es un ajuste del dueño, no una decisión nuestra.',
        'Pruebe otra red, o pregunte al dueño por otra vía.',
      ],
    },
    limit: {
      title: 'Demasiadas peticiones',
      lines: [
        'Su dirección envió más peticiones de las que este sitio permite en diez segundos.',
        'Espere un poco y vuelva a cargar la página. No se pierde nada de lo que envió antes.',
      ],
    },
    busy: {
      title: 'Este sitio está muy ocupado',
      lines: [
        'Hay más personas esperando de las que el sitio puede atender a la vez. No es cosa suya.',
        'Vuelva a cargar la página en unos segundos.',
      ],
    },
    'form-send': {
      title: 'Su envío está listo',
      lines: ['Ha pasado la comprobación. Lo que enviaba está guardado aquí, sellado; el botón lo envía, una sola vez.'],
    },
    'form-used': {
      title: 'Esto ya se envió',
      lines: ['Lo que enviaba llegó una vez al sitio y no se envía de nuevo. No se pierde nada.'],
    },
    'form-gone': {
      title: 'Su envío ya no está aquí',
      lines: [
        'Se guarda quince minutos, y solo puede abrirlo el navegador que lo envió. Nada de ello llegó al sitio. Quizá lo tenga aún el botón Atrás de su navegador.',
      ],
    },
    'form-again': {
      title: 'Ahora no se pudo enviar',
      lines: [
        'No se pudo llegar al servidor del sitio, o pidió una pausa. No salió nada, y su envío sigue guardado. Inténtelo de nuevo en un momento.',
      ],
    },
    'form-unsure': {
      title: 'No sabemos si llegó',
      lines: ['Su envío salió, pero no hubo respuesta. No lo enviamos por segunda vez: mire en el sitio antes de repetirlo.'],
    },
    'no-key': {
      title: 'Ahora mismo no podemos comprobar a los visitantes',
      lines: [
        'Es un fallo nuestro: el sitio pide una comprobación que ahora no podemos hacer, así que no dejamos entrar a nadie sin ella.',
        'Vuelva a cargar la página dentro de un minuto.',
      ],
    },
    'not-ours': { title: 'Aquí no hay nada', lines: ['No existe tal página entre las que servimos nosotros.'] },
    'origin-bad': {
      title: 'El sitio dio una respuesta rota',
      lines: [
        'Llegamos al servidor del sitio, pero su respuesta se cortó o no tenía sentido. El fallo está allí, no en usted.',
        'Inténtelo de nuevo en un minuto.',
      ],
    },
    'origin-down': {
      title: 'El servidor del sitio no responde',
      lines: [
        'Nosotros estamos aquí, pero el servidor de este sitio rechazó la conexión. El fallo está allí, no en usted.',
        'Inténtelo de nuevo en unos minutos.',
      ],
    },
    'origin-slow': {
      title: 'El servidor del sitio tardó demasiado',
      lines: [
        'Entregamos su petición, pero no llegó respuesta a tiempo. Lo que envió puede haber llegado o no: mírelo antes de enviarlo otra vez.',
      ],
    },
    malformed: {
      title: 'Esa no era una petición válida',
      lines: ['Lo que envió su programa no sigue HTTP, así que no lo hemos entregado.'],
    },
    timeout: {
      title: 'Su petición no llegó a tiempo',
      lines: ['La conexión fue demasiado lenta o se cortó. No se entregó nada. Envíela otra vez.'],
    },
    'rule-deny': {
      title: 'Este sitio no acepta esta petición',
      lines: [
        'Una regla del dueño del sitio rechaza peticiones como la suya. Es un ajuste del dueño, no una decisión nuestra.',
        'Si cree que es un error, dígale al dueño la referencia de abajo.',
      ],
    },
    gate: {
      title: 'Aquí hace falta una contraseña',
      lines: [
        'El dueño del sitio abre esta parte a quien conoce su contraseña. El nombre de usuario puede ser cualquiera.',
        'Pídasela al dueño. Nosotros no podemos decírsela.',
      ],
    },
    maintenance: {
      title: 'Este sitio está cerrado por un tiempo',
      lines: ['Su dueño está trabajando en él. Vuelva más tarde; su dispositivo está bien.'],
    },
  },
  kept: {
    kept: 'Lo que enviaba está guardado, sellado, durante quince minutos. Después de la comprobación se envía por sí solo.',
    long: 'Lo que enviaba es demasiado grande para guardarlo durante la comprobación. Conserve una copia, o vuelva ahora: el botón Atrás de su navegador lo tiene.',
    unkept:
      'Lo que enviaba no se guardó y no llegó al sitio. El botón Atrás de su navegador lo tiene; después de la comprobación puede enviarse otra vez.',
    send: 'Enviar ahora',
  },
  challenge: {
    title: 'Una breve comprobación antes de entrar',
    what: (provider) =>
      `${provider} protege este sitio. Ahora mismo lo están atacando, así que cada navegador hace antes un pequeño cálculo.`,
    why: 'No tiene que hacer nada. Tarda unos segundos y verá la página que pidió.',
    privacy: 'Guarda una sola cookie, que dice que este navegador pasó, y no se lo cuenta a nadie más.',
    working: 'Comprobando…',
    half: 'Más de la mitad hecha.',
    done: 'Listo. Abriendo la página.',
    failed: 'La comprobación no funcionó esta vez. Vuelva a cargar la página, o use la fila de espera.',
    slow: 'Esto tarda en su dispositivo más de lo debido. Sigue en marcha, o puede usar la fila de espera.',
    cookies:
      'Su navegador no guarda nuestra cookie. No podríamos saber que ya pasó y preguntaríamos sin fin. Permita las cookies de este sitio y vuelva a cargar la página.',
    form: 'Estaba enviando un formulario. Después de la comprobación puede enviarlo otra vez, y no se pierde nada.',
    formDone: 'Listo. Pulse el botón y deje que su navegador envíe el formulario otra vez.',
    again: 'Continuar',
    noScript: 'El cálculo necesita JavaScript, que está apagado en su navegador. La fila de espera no lo necesita.',
    door: '¿Prefiere no hacerlo? Puede esperar: unos doce segundos, sin cálculo y sin JavaScript.',
    doorLink: 'Esperar en la fila',
    frame: 'Esta página se muestra dentro de otro sitio, donde los navegadores no guardan nuestras cookies.',
    frameLink: 'Abrirla en una ventana propia',
  },
  wait: {
    title: 'Fila de espera: paso {hop} de 3',
    what: 'Esta página avanza sola en {seconds} segundos. Si no lo hace, siga entonces el enlace.',
    next: 'Paso siguiente',
    nothing: 'No tiene que hacer nada más. Si llega pronto, conserva su lugar; si llega tarde, la fila vuelve a empezar.',
    fullTitle: 'La fila de espera está llena por un momento',
    full: 'Muchas personas de su red están esperando. Esta página lo intenta de nuevo sola en diez segundos. No es cosa suya, y nada está bloqueado.',
    fullLink: 'Intentarlo otra vez',
    cookiesTitle: 'Su navegador no guarda nuestra cookie',
    cookies: [
      'No podríamos saber que ya esperó y preguntaríamos sin fin. Por eso paramos aquí; usted no está bloqueado.',
      'Permita las cookies de este sitio y empiece de nuevo. La única que guardamos dice que este navegador pasó.',
    ],
    cookiesLink: 'Empezar de nuevo',
    newWindow: 'Si esta página se muestra dentro de otro sitio: ábrala en una ventana propia',
    usedTitle: 'Ya ha pasado',
    used: 'Este lugar en la fila ya se usó. Su navegador debería tener su pase.',
    onward: 'Seguir a la página',
    anew: 'Esperar otra vez en la fila',
  },
  noticeTitle: 'El acceso está retirado',
  noticeLanguage: 'La decisión está en inglés.',
};

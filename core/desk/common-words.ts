/**
 * Words of everyday language that are also parts of people's names, in the languages that the desk reads.
 *
 * For redaction alone: such a word is not a name wherever it stands. It errs on the short side, because a word that is not in here is always
 * blacked out. Forms are folded later (core/desk/text.ts), so accents do not matter. Not a list of names.
 */
const words = `
  abbot angel apple april archer ash august autumn baker banks barber bay bean bear beck bell berry best bird bishop black bliss blue bond book
  booth bow bowler bridge bright brook brooks brown buck bush butler carpenter carter cash chance chase church clay cliff close coach cole constant
  cook cooper court crane cross crystal daisy dale dane dawn day dean dove drake duke early east ember faith fair falls farmer field fish fisher
  flower ford forest forester fox frank freeman french frost gale garden gardener gift gold golden good grace grant gray green grey grove guard gust
  hall hand hardy harmony hart hazel heart heath hill hills holly home honey hood hope house hunter ice iris ivy jade jasmine jean jewel joy judge
  july june just justice keen king kitchen knight lake lamb lane lark last law lawn lee light lily lock long love low luck mace major march mark
  marsh marshal mason may meadow mercy mile miles mill miller mine moon moore moss more mount neal new noble north nurse oak ocean olive opal page
  paige park parker patience pearl penny pepper piper pleasant pope poppy porter potter power price pride priest prince pure queen rain raven ray
  read red reed reeve rich rider river rivers robin rock rocket rogue rose rowan royal ruby sage sailor sand sandy savage scarlet shade sharp shepherd
  short silver singer skies sky sly small smith snow song south spring stone storm street strong summer summers sunday sunny swan swift tailor taylor
  temple terry thorn tiger town trace treasure tree true turner underwood vale victor victory violet walker wall ward waters way weaver weeks well
  wells west white wild will willow winter wise wolf wood woods wright york young
  adler alt arm bach bauer baum berg blume braun bruder busch ehre engel ernst fink fisch fleischer freund friede frisch fuchs ganz geiger gerber
  glaser glück graf gross groß grün hahn hase haus heil held herbst herr herz hirsch hof holz horn huber jäger jung jünger kaiser kaufmann keller
  klein klug koch könig krieg krone kuhn kurz lamm land lang lange linde licht löwe luft maler maurer mayer meister metzger morgen müller nagel neu
  neumann ober pfeifer preis rabe rad rat reich reiter richter ritter rot rund sander sauer schäfer schneider schön schreiber schreiner schulz schulze
  schuster schwarz see seiler sommer sonne sonntag specht stark stein stern stolz strauß stumm süß tag teufel thal traum vater vogel voll wagner wald
  weber weg weide weise weiß weiss wein werk wert winkel wirt wolf wolke zimmer zimmermann
  amor ángel blanca blanco bosque bravo calle calvo campo campos casa castillo castro cielo clara claro concha consuelo cordero cortés crespo cruz
  delgado dolores dulce esperanza estrella flor flores franco fuente fuentes gallo guerra guerrero hermoso hidalgo iglesia león libertad lobo luna luz
  mar marina mayor mercado mesa miel milagros montaña montes moreno navarro nieves noche novia olmo paloma palma paz pastor paz pilar pino prado
  reina rey reyes rico ríos rojo romero rosa rosario rubio ruiz sierra sol soledad tierra torre torres valle vega vera verde victoria vidal viento
  ange avril beau belle berger bernard blanc blanche bon bonne bois boucher boulanger brun chevalier claire colombe croix dubois fleur fontaine forêt
  gentil grand gros hiver jardin jolie jour juste lambert lavande leblanc leroy loup lune marchand marguerite martin mercier meunier moulin neige noir
  pâquerette petit pierre place poirier pont prince prune reine rivière roche roi rousseau roux soleil vallée vert ville vigne
`;

/** As they are written, in lower case. */
export const commonWords: readonly string[] = [...new Set(words.split(/\s+/u).filter((word) => word !== ''))];

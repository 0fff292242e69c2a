/**
 * Function words: what is left of a text when everything is taken out that says something.
 *
 * Whoever fills the slots of a template with synonyms changes the words that carry meaning; the small ones that hold the sentence together stay.
 * One set for all languages, so that nothing depends on guessing a text's language.
 */
const lists = [
  // English.
  'a an the and or but nor so yet if then than as at by for from in into of off on onto out over to up with without about after again against all also am any are aren be because been before being below between both can could did do does doing don down during each few further had has have having he her here hers herself him himself his how i is isn it its itself just me more most my myself no not now only other our ours ourselves own same she should some such that their theirs them themselves there these they this those through too under until very was we were what when where which while who whom why will would you your yours yourself please must may might shall every',
  // German.
  'aber alle als also am an auch auf aus bei bin bis bist da damit dann das dass dein deine dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer für gegen habe haben hat hatte hier hin ich ihm ihn ihr ihre ihrem ihren im in ist ja jede jeder jedes jetzt kann kein keine man mein meine meinem meinen meiner mich mir mit muss nach nicht noch nun nur ob oder ohne sehr sein seine sich sie sind so soll sonst über um und uns unser unter vom von vor war waren was weil wenn wer werden wie wieder wir wird wo wurde wurden zu zum zur zwischen bitte',
  // Spanish.
  'al ante como con contra cual cuando de del desde donde dos e el ella ellas ellos en entre era es esa ese eso esta este esto estos estas está están fue ha han hasta hay la las le les lo los más me mi mis muy nada ni no nos nosotros o os otra otro para pero por porque que qué quien se ser si sí sin sobre son su sus también te tiene todo todos tu tus un una unos y ya yo',
  // French.
  'au aux avec c ce ces cet cette chez d dans de des donc du elle elles en est et été être eux fait il ils j je l la le les leur leurs lui m ma mais me mes moi mon n ne nos notre nous on ont ou où par pas plus pour qu que quel qui s sa sans se ses si son sont sur ta te tes toi ton tous tout tu un une vos votre vous y à',
  // Italian, Dutch, Portuguese.
  'che di da del della dei delle gli i il lo ma mi mia mio nei nel nella non per più questa questo sono sul sua suo ti un uno anche come con cui dal dalla se',
  'aan als bij dat de deze die dit door een en er geen haar had heb hebben heeft het hij hoe hun ik is je kan maar me met mij mijn naar niet nog nu of om omdat ons ook op over te tot uit van veel voor waar was wat we werd wie wij ze zij zijn zo zou',
  'ao aos as até com como da das do dos ela ele em entre essa esse esta este eu foi isso já mais mas me mesmo meu minha muito na nas nem no nos não o os ou para pela pelo por quando que quem se sem ser seu sua são também tem um uma você',
];

export const functionWords: ReadonlySet<string> = new Set(
  lists.flatMap((list) => list.split(' ')).map((word) => word.normalize('NFKD').replaceAll(/\p{M}/gu, '')),
);

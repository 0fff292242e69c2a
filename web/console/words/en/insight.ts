/** English words of single requests. */
export const insight = {
  title: 'A reference',
  lead: 'Each page of ours shows one. It says why that request was not answered by the site.',
  reference: 'Reference',
  explain: 'Explain',
  facts: {
    site: 'Site',
    when: 'When',
    request: 'Request',
    network: 'From',
    edge: 'Edge',
  },
  notOne: 'This is no reference. One looks like 3023456789-194872113.',
};

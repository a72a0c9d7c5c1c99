// agoragym/view: a game as pictures. The same picture as a drawing, and in words.
import { writeFileSync } from 'node:fs'
import { Episode, economies } from 'agoragym'
import { drawPicture, momentAt, picturerOf, pictureWords } from 'agoragym/view'

const economy = economies.get('swarm_economy')
const episode = new Episode(economy.env, { profile: 'short' }, 3)
while (!episode.over)
  episode.step(Object.fromEntries(episode.actors().map(agent => [agent, { calls: [{ tool: 'pass_turn', args: {} }] }])))

const pictureOf = await picturerOf(economy)
const picture = pictureOf(momentAt(economy.env, episode.log, 6))
writeFileSync('step6.svg', drawPicture(picture, { theme: 'dark' }))
console.log(pictureWords(picture).split('\n', 8).join('\n'))

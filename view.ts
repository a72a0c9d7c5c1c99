/**
 * `agoragym/view`: games as pictures. An economy says what there is to see after so many steps, in terms that all economies share
 * (`Picture`); `drawPicture` makes an SVG of it, `pngOf` a PNG, `pictureWords` a text. `agoragym render` does this for a log.
 */
export { picturerOf } from './economies/economy.ts'
export { figure, spread } from './economies/figures.ts'
export {
  type Bars,
  type Cells,
  type Feed,
  Following,
  feedOf,
  type Ground,
  type Lines,
  type Moment,
  momentAt,
  moments,
  type Network,
  type NetworkLink,
  type NetworkNode,
  type Panel,
  type Picture,
  type Picturer,
  playerOf,
  type Told,
  type Tone,
} from './economies/picture.ts'
export type {
  Gauge,
  PlaceShape,
  Scene,
  SceneClock,
  SceneEvent,
  SceneFigure,
  SceneLine,
  SceneMove,
  ScenePlace,
  Scenery,
} from './economies/scene.ts'
export { type DrawOptions, drawPicture } from './view/draw.ts'
export { writePicture } from './view/file.ts'
export { Live, type LiveAction, type LiveEvent, type LiveOptions, type LiveState, type LiveStep, SPEEDS } from './view/live.ts'
export { findLog, type Wanted } from './view/logs.ts'
export { pngOf } from './view/png.ts'
export { type RunningView, startView, type ViewOptions } from './view/server.ts'
export type { SeatStory } from './view/story.ts'
export { NARROWEST, pictureText } from './view/terminal.ts'
export type { Theme } from './view/themes.ts'
export { type Snapshot, Watched, type WatchedOptions } from './view/watched.ts'
export { pictureWords } from './view/words.ts'

// Read by the command agoragym in this folder and below.
export { default } from './dist/src/plugin.js'

/** What agoragym is told of: `--import` and agoragym.config.js load it. */
import { defineEconomy, type Plugin } from 'agoragym'
import { myEconomyBots } from './bots.ts'
import { myEconomy } from './economy.ts'

const plugin: Plugin = { economies: [defineEconomy({ env: myEconomy, ...myEconomyBots })] }
export default plugin

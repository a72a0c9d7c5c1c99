/** All that belongs to my_economy. */
import { myEconomyBots } from '../../bots/my_economy/index.ts'
import { myEconomy } from '../../envs/my_economy/index.ts'
import { defineEconomy } from '../economy.ts'

export const economy = defineEconomy({ env: myEconomy, ...myEconomyBots })

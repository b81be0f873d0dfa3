"""A hundred sentences of everyday English, all in words, to be spoken and recognised."""

SENTENCES = tuple(
    """
The old bridge was closed until the end of summer
She put the letters in the top drawer
We walked along the river after dinner
My brother plays the guitar every evening
The train to the city leaves at noon
He forgot his umbrella at the office
There is fresh bread on the kitchen table
The children are playing in the garden
A cold wind came down from the mountains
They painted the front door dark green
The meeting was moved to Thursday morning
Please turn off the lights when you leave
Her daughter wants to become a doctor
The water in the lake is very clear
I read the whole book in two days
The dog was sleeping under the old tree
You can see the ocean from this window
The farmer sold his horses last spring
We need more paper for the printer
The soup is too hot to eat now
He walks to work when the sun shines
The museum is free on the first Sunday
She answered every question without fear
The road was covered with yellow leaves
My mother called me early this morning
The young man carried three heavy bags
It will probably rain again tomorrow
The teacher wrote a long word on the board
They found a small key in the sand
The doctor told him to rest for a week
Our neighbors have a large white house
The bus stopped in the middle of the street
She bought apples and a bottle of milk
The company opened a new office in the north
He could not remember the name of the hotel
The moon was bright over the quiet village
We had breakfast on the balcony
The window in the bathroom does not close
A strange noise came from the engine
They have known each other for many years
The cat jumped onto the roof of the car
I would like a cup of black coffee
The story has a very surprising end
He repaired the clock in a few minutes
The market opens at seven in the morning
Nobody expected so many people to come
The plane landed safely in heavy snow
She keeps her money in a secret place
The boy threw a stone into the water
Winter is the longest season up here
The restaurant on the corner is always full
He learned to swim when he was six
The government will build a new hospital
We lost our way in the dark forest
The picture on the wall is not straight
Her voice was soft but everyone could hear it
The ship will arrive at the harbor tonight
They celebrated his birthday with music and cake
The price of sugar has gone up again
I left my glasses on the seat
The station is only ten minutes from here
The king gave the soldiers gold and land
You should write down your ideas
The fire burned for three days and nights
She speaks four languages without an accent
The grass is wet because it rained
The workers are building a wall around the park
He opened the box with a sharp knife
The first chapter explains the rules of the game
We saw a group of deer near the road
The baby smiled at the stranger
Most of the shops are closed on Monday
The lake freezes in the middle of January
My uncle grows tomatoes behind the house
The judge listened to both sides
A thick fog covered the entire valley
They waited for an hour outside the theater
The flowers need water twice a week
He told us about his trip to the desert
The machine stopped working last night
She wore a long blue dress to the party
The library has thousands of old maps
The stairs are steep so please be careful
We are looking for a cheap apartment
The horse drank from the bucket
There was a message for you on the phone
The president will speak to the nation today
I have never seen such a beautiful sunset
The table was made from a single piece of wood
He always eats lunch alone
The snow melted before we could use it
Science has changed the way we live
The police asked him several questions
A good night of sleep helps you think
The captain knew every rock along the coast
Her shoes were still wet from the rain
We planted a tree in memory of our friend
The show begins as soon as it gets dark
The winner gets a silver cup
You can trust him with your secrets
""".strip().splitlines()
)
